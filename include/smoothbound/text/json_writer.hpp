// JSON written member by member: nothing of a document is kept.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "smoothbound/text/sink.hpp"

namespace smoothbound {

/// How a JSON text is set.
enum class JsonStyle : std::uint8_t {
  /// A line for each member or item of what is asked to be on lines, all else without blanks. ASCII
  /// only: what a name holds reaches no terminal.
  lines,
  /// A line for everything, indented by 1 or 2; UTF-8 as it is.
  indented_by_1,
  indented_by_2,
};

class JsonWriter {
 public:
  explicit JsonWriter(const Sink& sink, JsonStyle style = JsonStyle::lines)
      : sink_(sink), style_(style) {}
  JsonWriter(const JsonWriter&) = delete;
  JsonWriter& operator=(const JsonWriter&) = delete;
  ~JsonWriter() = default;

  /// null, true or false, a number (null if it is not finite), a text, which need not be UTF-8; an
  /// optional of one of these; a list of them; or what a function writes: one of `*this` or of
  /// none.
  template <class Value>
  void value(const Value& value) {
    if constexpr (std::is_invocable_v<const Value&, JsonWriter&>) {
      value(*this);
    } else if constexpr (std::is_invocable_v<const Value&>) {
      value();
    } else if constexpr (std::is_same_v<Value, std::nullptr_t>) {
      raw("null");
    } else if constexpr (std::is_same_v<Value, bool>) {
      raw(value ? "true" : "false");
    } else if constexpr (std::is_convertible_v<const Value&, std::string_view>) {
      text(value);
    } else if constexpr (std::floating_point<Value>) {
      number(value);
    } else if constexpr (std::integral<Value>) {
      raw(std::to_string(value));
    } else if constexpr (requires { value.has_value(); }) {
      value.has_value() ? this->value(*value) : raw("null");
    } else {
      array([&] {
        for (const auto& each : value) item(each);
      });
    }
  }

  template <class Value>
  void member(std::string_view key, const Value& value) {
    begin_member(key);
    this->value(value);
  }
  template <class Value>
  void item(const Value& value) {
    begin_item();
    this->value(value);
  }

  /// An object; `body` puts its members.
  template <class Body>
  void object(const Body& body) {
    contain('{', '}', tight, body);
  }
  /// An object whose members are on lines of their own behind `indent` blanks.
  template <class Body>
  void object_on_lines(int indent, const Body& body) {
    contain('{', '}', indent, body);
  }
  /// A member that is an object.
  template <class Body>
  void object(std::string_view key, const Body& body) {
    begin_member(key);
    object(body);
  }

  using Scalar = std::variant<std::nullptr_t, bool, std::int64_t, double, std::string_view>;
  using Scalars = std::initializer_list<std::pair<std::string_view, Scalar>>;
  /// An object of scalars.
  void object(Scalars members) {
    object([&] { this->members(members); });
  }
  void object(std::string_view key, Scalars members) {
    begin_member(key);
    object(members);
  }
  void members(Scalars members);

  /// An array; `body` puts its items.
  template <class Body>
  void array(const Body& body) {
    contain('[', ']', tight, body);
  }
  template <class Body>
  void array(std::string_view key, const Body& body) {
    begin_member(key);
    array(body);
  }
  /// A member that is an array with an item for each of `items`, or for 0, 1, ... below a number:
  /// what `put` returns, or else writes.
  template <class Items, class Put>
  void list(std::string_view key, const Items& items, const Put& put) {
    list_on_lines(tight, key, items, put);
  }
  /// The same with each item on a line of its own behind `indent` blanks.
  template <class Items, class Put>
  void list_on_lines(int indent, std::string_view key, const Items& items, const Put& put) {
    begin_member(key);
    contain('[', ']', indent, [&] {
      if constexpr (std::integral<Items>) {
        for (Items i = 0; i < items; ++i) put_item(i, put);
      } else {
        for (const auto& each : items) put_item(each, put);
      }
    });
  }

  /// Indentation of objects that are not on lines, but have blanks between their members.
  static constexpr int spaced = -2;

  /// The whole text: an object, and the end of its line.
  template <class Body>
  void document(const Body& body) {
    object_on_lines(1, body);
    raw("\n");
    flush();
  }
  /// Hands what is left to the sink, for texts that are no document.
  void flush();

 private:
  static constexpr int tight = -1;
  struct Level {
    int indent = tight;
    bool is_array = false;
    bool is_empty = true;
  };

  template <class Body>
  void contain(char begin, char end, int indent, const Body& body) {
    const Level outer = open(begin, indent);
    body();
    close(end, outer);
  }
  template <class Item, class Put>
  void put_item(const Item& from, const Put& put) {
    if constexpr (std::is_void_v<std::invoke_result_t<const Put&, const Item&>>) {
      begin_item();
      put(from);
    } else {
      item(put(from));
    }
  }
  Level open(char brace, int indent);
  void close(char brace, const Level& outer);
  void begin_member(std::string_view key);
  void begin_item();
  void new_line(int indent);
  void raw(std::string_view piece);
  void text(std::string_view value);
  void number(double value);

  const Sink& sink_;
  JsonStyle style_;
  Level level_;
  std::string buffer_;
};

/// A text as JSON, in ASCII; a byte that is not UTF-8 becomes the text \\xNN.
std::string json_quoted(std::string_view text);
/// The decimal of a double, with an exponent or ".0"; null if it is not finite.
std::string json_number(double value);

}  // namespace smoothbound
