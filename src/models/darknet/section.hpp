// A configuration of Darknet as text: sections of options.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "smoothbound/text/mistakes.hpp"

namespace smoothbound::models::darknet {

struct Option {
  std::string_view key;
  std::string_view value;
  Location place;        // of the key
  Location value_place;  // of the value
};

/// `[name]` and the options below it, which are looked up one by one. What is wrong with one is
/// added to the mistakes, and the value for its absence returned.
class Section {
 public:
  Section(std::string_view section_name, Location where, MistakeList& list)
      : name(section_name), location(where), mistakes_(&list) {}

  std::string_view name;
  Location location;
  std::vector<Option> options;

  /// The first of this key, as in Darknet; a second one with another value is a mistake.
  const Option* find(std::string_view key);
  std::int64_t integer(std::string_view key, std::int64_t otherwise, std::int64_t smallest);
  double real(std::string_view key, double otherwise);
  std::string_view word(std::string_view key, std::string_view otherwise);
  /// "-1, 8"; none: it is not given, or wrong.
  std::vector<std::int64_t> integers(std::string_view key);
  /// The place of an option, or the section's.
  [[nodiscard]] Location place_of(std::string_view key) const;
  /// Adds what was never asked for and is no option of training: a mistake where it looks like one
  /// of those that were, else a note.
  void finish(std::vector<std::string>& notes) const;
  void add_mistake(Location where, const std::string& message, std::string hint) const;

 private:
  MistakeList* mistakes_;
  std::vector<std::string_view> known_;
};

/// All of them; views lead into `content`. What is no section, option or comment is a mistake.
std::vector<Section> read_sections(std::string_view content, MistakeList& mistakes);

}  // namespace smoothbound::models::darknet
