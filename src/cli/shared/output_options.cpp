#include "output_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "model_options.hpp"

namespace smoothbound::cli {
namespace {

std::string_view ending_of(Format format) {
  constexpr std::array<std::string_view, 4> endings{".txt", ".md", ".csv", ".json"};
  return endings[static_cast<std::size_t>(format)];
}

}  // namespace

void add_format(Command& command, std::string& target) {
  command.choice("--format", target, "form of the output (table)", format_names);
}

Format choose_format(const CommandLine& line, const std::string& format) {
  if (format.empty()) return Format::table;
  return static_cast<Format>(choose(line, "--format", format, format_names));
}

void OutputOptions::add_to(Command& command) {
  command.choice("--format", format, "form of the output (as FILE is named, or table)",
                 format_names);
  command.option("-o,--output", path,
                 "write to FILE, whole or not at all; *.md, *.csv and *.json say the format",
                 "FILE");
}

Format OutputOptions::choose_format(const CommandLine& line) const {
  const std::optional<Format> named = format_of_name(path);
  if (format.empty()) return named.value_or(Format::table);
  const Format given = smoothbound::cli::choose_format(line, format);
  if (named.value_or(given) == given) return given;
  throw SpecError(line.scalar("--format", format).location,
                  fmt::format("--format {} contradicts the name of '{}'", name_of(given), path),
                  fmt::format("leave --format out, or name a file *{}", ending_of(given)));
}

void refuse_other_formats(const CommandLine& line, const std::vector<std::string>& spellings,
                          const std::string& path, std::initializer_list<std::string_view> written,
                          std::string_view what, const std::string& hint) {
  constexpr std::array<std::string_view, 22> known{
      ".png", ".jpg",      ".jpeg", ".gif",   ".webp", ".pdf",        ".eps", ".ps",
      ".svg", ".html",     ".md",   ".csv",   ".json", ".txt",        ".npy", ".npz",
      ".pt",  ".markdown", ".yaml", ".jsonl", ".h5",   ".safetensors"};
  const std::string ending = std::filesystem::path(path).extension();
  if (std::ranges::find(known, ending) == known.end()) return;
  if (std::ranges::find(written, ending) != written.end()) return;
  throw SpecError(line.locate_last(spellings), fmt::format("no {} is written as *{}", what, ending),
                  hint);
}

}  // namespace smoothbound::cli
