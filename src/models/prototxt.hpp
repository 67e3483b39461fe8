// Messages of protocol buffers as text: fields with their places, and how they are looked up.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "smoothbound/text/mistakes.hpp"

namespace smoothbound::models::prototxt {

/// `name: value` or `name { ... }`. One entry of a list is a field, as if it stood by itself.
struct Field {
  enum class Kind : std::uint8_t { word, text, message };
  Kind kind = Kind::message;
  std::string_view name;
  Location place;
  Location value_place;
  std::string value;  // a number or name as it is written, or what stands in quotes
  std::vector<Field> fields;
};

/// The fields of a file, as a message without a name. Throws SpecError, at its place, for the first
/// thing that is not of the notation, and for more than 64 levels or a million fields. Names lead
/// into `content`.
Field parse(std::string_view content);

/// A message whose fields are looked up one by one. What is wrong with one is added to the
/// mistakes, and the value for its absence returned.
class Message {
 public:
  Message(const Field& message, MistakeList& list) : field_(&message), mistakes_(&list) {}

  [[nodiscard]] Location place() const { return field_->place; }
  [[nodiscard]] const Field& field() const { return *field_; }
  /// The last field of this name, or null.
  const Field* find(std::string_view name);
  std::vector<const Field*> all(std::string_view name);
  /// The field of this name, which has to be a message; an empty one at this one's place if there
  /// is none.
  Message message(std::string_view name);

  std::int64_t integer(std::string_view name, std::int64_t otherwise, std::int64_t smallest);
  std::vector<std::int64_t> integers(std::string_view name, std::int64_t smallest);
  double real(std::string_view name, double otherwise);
  std::vector<double> reals(std::string_view name);
  bool flag(std::string_view name, bool otherwise);
  /// A name without quotes, or a text in them.
  std::string text(std::string_view name, std::string_view otherwise);
  std::vector<std::string> texts(std::string_view name);

  /// Adds fields that were never asked for: as a mistake where one looks like one of those that
  /// were, else as a note. `what`: names the message.
  void finish(std::string_view what, std::vector<std::string>& notes) const;

 private:
  const Field* field_;
  MistakeList* mistakes_;
  std::vector<std::string_view> known_;
};

}  // namespace smoothbound::models::prototxt
