#include "output_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "model_options.hpp"
#include "terminal.hpp"

namespace smoothbound::cli {
namespace {

std::vector<std::string_view> names_of_formats() {
  std::vector<std::string_view> names;
  for (const FormatRow& row : formats()) names.push_back(row.name);
  return names;
}

// "*.md, *.csv and *.json"
std::string endings_asking_for_formats() {
  std::vector<std::string> endings;
  for (const FormatRow& row : formats()) {
    if (!row.asking_for.front().empty()) endings.push_back(fmt::format("*{}", row.ending));
  }
  const std::string last = std::move(endings.back());
  endings.pop_back();
  return fmt::format("{} and {}", fmt::join(endings, ", "), last);
}

}  // namespace

void add_format(Command& command, std::string& target) {
  command.group(OptionGroup::output);
  command.choice("--format", target, "form of the output (table)", names_of_formats());
}

Format choose_format(const CommandLine& line, const std::string& format) {
  const Format chosen =
      format.empty() ? Format::table
                     : Format(formats()[choose(line, "--format", format, names_of_formats())]);
  return chosen.within(output_columns(any_width));
}

void OutputOptions::add_to(Command& command) {
  command.group(OptionGroup::output);
  command.choice("--format", format, "form of the output (as FILE is named, or table)",
                 names_of_formats());
  command
      .option("-o,--output", path,
              fmt::format("write to FILE, whole or not at all; {} say the format",
                          endings_asking_for_formats()),
              "FILE")
      .written();
}

Format OutputOptions::choose_format(const CommandLine& line) const {
  const std::optional<Format> named = format_of_name(path);
  if (path.empty()) return smoothbound::cli::choose_format(line, format);
  refuse_other_formats(
      line, {"-o", "--output"}, path, {".txt", ".md", ".markdown", ".csv", ".json"}, "result",
      "*.txt, *.md, *.csv and *.json are; 'report' writes pages, and 'plot' charts");
  if (format.empty()) return named.value_or(Format::table);
  const Format given = smoothbound::cli::choose_format(line, format);
  if (named.value_or(given)->ending == given->ending) return given.within(any_width);
  throw SpecError(line.scalar("--format", format).location,
                  fmt::format("--format {} contradicts the name of '{}'", given->name, path),
                  fmt::format("leave --format out, or name a file *{}", given->ending));
}

void refuse_other_formats(const CommandLine& line, const std::vector<std::string>& spellings,
                          const std::string& path, const std::vector<std::string_view>& written,
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
