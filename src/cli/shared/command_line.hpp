// The command line as a text that errors can point into.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "smoothbound/text/fields.hpp"
#include "smoothbound/text/source.hpp"

namespace smoothbound::cli {

class CommandLine {
 public:
  CommandLine(int argc, const char* const* argv);

  /// The arguments, each option with an optional value joined to it by '='.
  [[nodiscard]] const std::vector<std::string>& arguments() const { return arguments_; }
  /// The command line as a source of error messages.
  [[nodiscard]] const Source& source() const { return source_; }
  /// Where an argument that begins with `text` stands, else the beginning.
  [[nodiscard]] Location locate(std::string_view text) const;
  /// Throws SpecError for an empty argument or value: often a variable that is not set.
  void refuse_empty() const;
  /// Where the last use of an option stands that is spelt in one of these ways.
  [[nodiscard]] Location locate_last(const std::vector<std::string>& spellings) const;
  /// The first argument that is neither an option nor its value: meant as a command.
  [[nodiscard]] std::string first_word() const;
  /// Behind the last argument.
  [[nodiscard]] Location end() const;
  /// The value given to `option`, placed for the scalar parsers. The result refers to both.
  [[nodiscard]] text::ScalarText scalar(std::string_view option, std::string_view value) const;

  /// The file of --config. Locations in it are told from those in the command line, which is one
  /// line, by their line: the file's first line is line 2.
  void set_config(Source source) { config_ = std::move(source); }
  /// As it was named; empty if there is none.
  [[nodiscard]] const std::string& config_file() const { return config_.name; }
  /// An option whose value comes from there, at a location in the file.
  void add_config_place(std::string option, std::string value, Location place);
  /// An error in the file as one that `render` knows.
  [[nodiscard]] static SpecError in_config(SpecError error);
  /// The message for an error in the command line or in the file of --config.
  [[nodiscard]] std::string render(SpecError error) const;

 private:
  struct ConfigPlace {
    std::string option;
    std::string value;
    Location place;
  };
  // The last, if any, of an option that begins so.
  [[nodiscard]] const ConfigPlace* find_config(std::string_view option) const;

  std::vector<std::string> arguments_;
  std::vector<std::size_t> columns_;
  Source source_;
  Source config_;
  std::vector<ConfigPlace> config_places_;
};

/// Whether all of it is a number, as in the value of --smooth.
bool is_numeric(std::string_view text);

}  // namespace smoothbound::cli
