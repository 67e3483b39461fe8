#include "distinct_files.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <set>
#include <variant>

namespace smoothbound::cli {
namespace fs = std::filesystem;

namespace {

// A file as it is named, and where that leads: behind all links, existing or not.
class NamedFile {
 public:
  explicit NamedFile(std::string path) : path_(std::move(path)) {
    constexpr int most_links = 40;
    std::error_code error;
    place_ = fs::absolute(path_, error);
    for (int i = 0; i < most_links && fs::is_symlink(place_, error); ++i) {
      place_ = place_.parent_path() / fs::read_symlink(place_, error);
    }
    const fs::path canonical = fs::weakly_canonical(place_, error);
    place_ = error ? place_.lexically_normal() : canonical;
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool is(const NamedFile& other) const {
    std::error_code error;
    if (fs::is_character_file(place_, error)) return false;
    return place_ == other.place_ || fs::equivalent(place_, other.place_, error);
  }

 private:
  std::string path_;
  fs::path place_;
};

// What was typed, or is the default; standard streams are no files.
std::vector<std::string> values_of(const Option& option) {
  std::vector<std::string> values;
  if (const auto* const* text = std::get_if<std::string*>(&option.target)) values = {**text};
  if (const auto* const* list = std::get_if<std::vector<std::string>*>(&option.target)) {
    values = **list;
  }
  std::erase_if(values, [](const std::string& value) { return value.empty() || value == "-"; });
  return values;
}

void refuse_input(const CommandLine& line, const std::vector<std::string>& spellings,
                  const NamedFile& output, const NamedFile& input) {
  if (!output.is(input)) return;
  Location place = line.locate_last(spellings);
  if (place.line == 0) place = line.locate(input.path());  // the output is the default
  throw SpecError(place, fmt::format("the output '{}' is also an input", output.path()),
                  "write to another file");
}

}  // namespace

void refuse_repeated_files(const std::vector<std::string>& files, const CommandLine& line) {
  std::set<fs::path> seen;
  for (const std::string& file : files) {
    if (seen.insert(fs::path(file).lexically_normal()).second) continue;
    throw SpecError(line.locate(file), fmt::format("'{}' is named twice", file), "name it once");
  }
}

void refuse_coincidences(const Command& command, const CommandLine& line) {
  std::vector<NamedFile> inputs;
  std::vector<std::pair<const Option*, NamedFile>> outputs;
  for (const Option& option : command.options()) {
    if (option.type != "FILE") continue;
    for (std::string& value : values_of(option)) {
      NamedFile file(std::move(value));
      if (option.is_written) {
        outputs.emplace_back(&option, std::move(file));
      } else {
        inputs.push_back(std::move(file));
      }
    }
  }
  if (outputs.empty()) return;
  if (!line.config_file().empty()) inputs.emplace_back(line.config_file());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto& [option, file] = outputs[i];
    for (const NamedFile& input : inputs) refuse_input(line, option->spellings(), file, input);
    for (std::size_t j = 0; j < i; ++j) {
      const auto& [other, before] = outputs[j];
      if (!file.is(before) || option->may_be == other->title() ||
          other->may_be == option->title()) {
        continue;
      }
      throw SpecError(line.locate_last(option->spellings()),
                      fmt::format("'{}' is the output of both {} and {}", file.path(),
                                  other->spellings().front(), option->spellings().front()),
                      "write to two files");
    }
  }
}

void refuse_overwriting(const CommandLine& line, const std::vector<std::string>& spellings,
                        const std::string& path, const std::vector<std::string>& inputs) {
  if (path.empty() || path == "-") return;
  const NamedFile output(path);
  for (const std::string& input : inputs) {
    if (input != "-") refuse_input(line, spellings, output, NamedFile(input));
  }
}

}  // namespace smoothbound::cli
