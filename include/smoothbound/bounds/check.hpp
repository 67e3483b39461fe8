// What became of the bounds of architectures since their baseline, number by number.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "smoothbound/bounds/baseline.hpp"
#include "smoothbound/bounds/decimal.hpp"

namespace smoothbound {

enum class Verdict : std::uint8_t { equal, better, worse, gone, appeared };

/// A number then and now; empty where there is none.
struct NumberDiff {
  std::string_view symbol;
  Rounding rounding = Rounding::up;  // of the number
  std::string before;
  std::string after;
  Verdict verdict = Verdict::equal;
};

struct RowDiff {
  RowKind kind = RowKind::layer;
  std::string name;
  std::optional<std::size_t> layer;  // its index now
  std::vector<NumberDiff> numbers;

  [[nodiscard]] bool changed() const;
};

struct MethodDiff {
  Method method = Method::sharp;
  std::vector<RowDiff> rows;
};

enum class Status : std::uint8_t {
  unchanged,
  improved,    // some numbers are better, none is worse
  changed,     // layers were added or removed, no number is worse
  regressed,   // some number is worse, or an objective is gone
  added,       // not in the baseline
  removed,     // in the baseline, not among the files
  unreadable,  // a mistake in the file
};

/// "unchanged", "WORSE", "new", ...
std::string_view name_of(Status status);

/// What became of one architecture.
struct ArchitectureDiff {
  std::string file;             // its path, as people know it
  std::string repository_file;  // the same from the root of the repository, for annotations
  std::string renamed_from;     // its key in the baseline, if that was another
  std::string name;
  Status status = Status::unchanged;
  std::vector<std::string> causes;  // what changed and what did not
  std::vector<MethodDiff> methods;
  /// The first row, in any method, that changed; rows are the same in all methods.
  std::optional<std::size_t> first;
  Location location;    // of the layer of that row, or of the mistake
  std::string message;  // of the mistake

  [[nodiscard]] const RowDiff& first_row() const;
  /// Whether its numbers were held against others.
  [[nodiscard]] bool is_compared() const;
};

/// All architectures, and what counts as a failure.
struct CheckResult {
  std::vector<ArchitectureDiff> architectures;
  bool exact = false;  // any change fails
  RemedyWords words = plain_words;

  [[nodiscard]] bool fails(const ArchitectureDiff& diff) const;
  [[nodiscard]] std::size_t count(Status status) const;
};

/// Compares the numbers of an architecture exactly: one is worse, or better, if the larger exceeds
/// the smaller by more than the factor 1 + `tolerance`. Layers are aligned by name. `locations`: of
/// the layers now.
ArchitectureDiff compare_entries(const BaselineEntry& before, const BaselineEntry& after,
                                 const Decimal& tolerance, const std::vector<Location>& locations,
                                 std::string_view baseline_version);

/// "layer 'conv1'", "network", ...; without control characters.
std::string describe(const RowDiff& row);

}  // namespace smoothbound
