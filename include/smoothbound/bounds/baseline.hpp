// Bounds as they were when somebody accepted them: a file to check later ones against.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "smoothbound/bounds/report.hpp"
#include "smoothbound/spec/meaning.hpp"
#include "smoothbound/text/sink.hpp"

namespace smoothbound {

/// What the numbers of a row belong to.
enum class RowKind : std::uint8_t {
  layer,
  network,
  objective,
  gradient_descent,
  stochastic_gradient_descent,
};

/// When a number is worse than it was.
enum class WorseIf : std::uint8_t {
  larger,
  smaller,
  neighbour_is,  // a rounded form of the number before it, and as good as that
};

struct GuardedNumber {
  std::string_view key;  // in the file
  std::string_view symbol;
  WorseIf worse_if;
};

/// The numbers of a row, in their order.
std::span<const GuardedNumber> numbers_of(RowKind kind);
/// "network", "objective", ...
std::string_view key_of(RowKind kind);

struct BaselineRow {
  RowKind kind = RowKind::layer;
  std::string name;                // of a layer
  std::vector<std::string> texts;  // with 17 digits, as `numbers_of` lists them
};

struct BaselineResult {
  Method method = Method::sharp;
  std::vector<BaselineRow> rows;  // the layers in the order of the file, then the others
};

using NamedTexts = std::vector<std::pair<std::string, std::string>>;

/// What is kept of an architecture.
struct BaselineEntry {
  std::string file;  // the key; see `baseline_key`
  std::string name;
  Meaning meaning;
  NamedTexts settings;  // in force, as in the report
  std::vector<BaselineResult> results;
};

struct Baseline {
  static constexpr std::string_view schema = "smoothbound/baseline/2";
  /// Its keys are paths from what was the working directory, and its numbers the same.
  static constexpr std::string_view first_schema = "smoothbound/baseline/1";

  bool is_first = false;  // of the first schema
  std::string version;    // of the program that wrote it
  std::int64_t formulas = formulas_version;
  NamedTexts options;  // what was given besides the files
  std::vector<BaselineEntry> architectures;
};

/// The key of an architecture file: its path from the folder of the baseline, both without links
/// and detours, so that neither the working directory nor a spelling matters; see `text_of_name`.
std::string baseline_key(const std::string& path, const std::string& baseline);
/// The path of the file of a key from the working directory, for people.
std::string path_of_key(const std::string& key, const std::string& baseline);
/// What the options say, by name.
NamedTexts texts_of(const ReportOptions& options);
/// The entry of a report.
BaselineEntry baseline_entry(const Report& report, const Meaning& meaning, std::string key);

/// Deterministic JSON with a line for each layer, sorted by file, with checksums.
void write_baseline(const Baseline& baseline, const Sink& sink);
/// The checksum that stands with an entry.
std::string checksum_of(const BaselineEntry& entry);
/// The checksum of the whole.
std::string checksum_of(const Baseline& baseline);

/// Reads what `write_baseline` wrote. Throws SpecError, with a place in `text`, for anything else:
/// truncated, of another schema, of other formulas, edited by hand. `renewal`: the hint that tells
/// how to renew the file.
Baseline read_baseline(std::string_view text, const std::string& renewal);
/// Throws SpecError at the options of the baseline's text if they are not `options`.
void refuse_other_options(std::string_view text, const Baseline& baseline,
                          const NamedTexts& options, const std::string& renewal);

}  // namespace smoothbound
