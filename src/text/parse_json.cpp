// JSON through nlohmann's SAX interface. It tells neither the place nor the text of a token, so the
// reader counts characters and finds both in the source.

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "smoothbound/text/document.hpp"
#include "smoothbound/text/fields.hpp"
#include "smoothbound/text/json_writer.hpp"

namespace smoothbound::text {
namespace {

// An input iterator that keeps in `position` how far the lexer has read.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, const char** position) : at_(at), position_(position) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    *position_ = ++at_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator old = *this;
    ++*this;
    return old;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) {
    return a.at_ == b.at_;
  }

 private:
  const char* at_;
  const char** position_;
};

class Reader {
 public:
  using Json = nlohmann::json;

  Reader(std::string_view text, Document& document, MistakeList& repeated)
      : text_(text), position_(text.data()), builder_(document, repeated) {}

  void read() {
    const char* end = text_.data() + text_.size();
    Json::sax_parse(CountingIterator(text_.data(), &position_), CountingIterator(end, &position_),
                    this);
  }

  // The SAX interface. Numbers and literals are taken from the source, whatever their kind.
  bool null() { return plain(); }
  bool boolean(bool /*value*/) { return plain(); }
  bool number_integer(Json::number_integer_t /*value*/) { return plain(); }
  bool number_unsigned(Json::number_unsigned_t /*value*/) { return plain(); }
  bool number_float(Json::number_float_t /*value*/, const std::string& /*text*/) { return plain(); }
  bool binary(Json::binary_t& /*value*/) { return false; }
  bool string(std::string& value) {
    builder_.scalar(value, true, advance());
    end_ = read_so_far();
    return true;
  }
  bool key(std::string& value) { return string(value); }
  bool start_object(std::size_t /*size*/) { return open(NodeKind::mapping); }
  bool start_array(std::size_t /*size*/) { return open(NodeKind::sequence); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  template <class Exception>
  bool parse_error(std::size_t position, const std::string& /*last_token*/,
                   const Exception& error) {
    constexpr int number_overflow = 406;
    // nlohmann: "[...] parse error at line 1, column 5: syntax error while parsing X - reason;
    // more"
    std::string message = error.what();
    if (const auto reason = message.find("; last read"); reason != std::string::npos) {
      message.resize(reason);
    }
    if (const auto detail = message.find(" - "); detail != std::string::npos) {
      message = message.substr(detail + 3);
    }
    // Commas and colons are no tokens to `advance`: where one is the mistake, that is its place.
    const bool separator =
        message.starts_with("unexpected ','") || message.starts_with("unexpected ':'");
    const Location location = separator && position > 0 ? locate(text_, position - 1) : advance();
    if (error.id == number_overflow) {
      throw SpecError(location, "the number is out of range",
                      "numbers must fit a double: 1e308 is about the largest");
    }
    if (message.starts_with("invalid literal") || message.starts_with("invalid number") ||
        message.starts_with("unexpected number")) {
      refuse_word(std::min(end_, position - 1));
    }
    throw SpecError(location, "invalid JSON: " + message, hint(message, location));
  }

 private:
  // Where a bare word or a number of another notation is the mistake: says so.
  void refuse_word(std::size_t inside) const {
    const auto belongs = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '+' || c == '-' ||
             c == '.';
    };
    if (inside >= text_.size() || !belongs(text_[inside])) return;
    std::size_t first = inside;  // the lexer has split 010 into 0 and 10
    while (first > 0 && belongs(text_[first - 1])) --first;
    std::size_t last = inside;
    while (last < text_.size() && belongs(text_[last])) ++last;
    const std::string_view word = text_.substr(first, last - first);
    if (Json::accept(word)) return;  // only its place is wrong
    const bool like_number =
        std::isdigit(static_cast<unsigned char>(word.back())) != 0 ||
        std::string_view("0123456789+-.").find(word[0]) != std::string_view::npos ||
        word == "NaN" || word == "Infinity";
    throw SpecError(locate(text_, first),
                    fmt::format("invalid JSON: '{}' is not a JSON value", word.substr(0, 40)),
                    like_number ? number_hint(word)
                                : "text stands in double quotes; true and false are lower case");
  }

  [[nodiscard]] std::string hint(std::string_view message, Location location) const {
    const char found = end_ < text_.size() ? text_[end_] : '\0';
    if (found == '/' || found == '#') return "JSON has no comments; .yaml files have, after '#'";
    if (found == '\'') return "JSON has double quotes only";
    if (message.find("missing closing quote") != std::string_view::npos) {
      return "the text that begins here has no closing quote";
    }
    if (message.find("invalid string") != std::string_view::npos) {
      return R"(in text, write \\ for a backslash, \n for a line break and \t for a tab)";
    }
    const std::size_t before = text_.substr(0, end_).find_last_not_of(" \t\r\n");
    if ((found == ']' || found == '}') && location == location_ &&
        before != std::string_view::npos && text_[before] == ',') {
      return "remove the comma before the closing bracket";
    }
    if (message.find("unexpected end of input") != std::string_view::npos) {
      return "the file ends too early: is a closing bracket or quote missing?";
    }
    if (message.find("expected end of input") != std::string_view::npos) {
      return "the file holds one JSON value; remove what follows it";
    }
    return "check for a missing comma or quote; .yaml files allow the looser YAML syntax";
  }

  [[nodiscard]] std::size_t read_so_far() const {
    return static_cast<std::size_t>(position_ - text_.data());
  }

  // Moves to the start of the token after the last one, counting lines and columns.
  Location advance() {
    constexpr std::string_view between_tokens = " \t\r\n,:";
    std::size_t start = text_.find_first_not_of(between_tokens, end_);
    if (start == std::string_view::npos) start = text_.size();
    for (; counted_ < start; ++counted_) {
      const auto c = static_cast<unsigned char>(text_[counted_]);
      if (c == '\n') {
        ++location_.line;
        location_.column = 1;
      } else if ((c & 0xC0U) != 0x80U) {
        ++location_.column;
      }
    }
    end_ = start;
    return location_;
  }

  bool plain() {
    const Location location = advance();
    const std::size_t start = end_;
    end_ = std::min(text_.find_first_of(" \t\r\n,]}", start), text_.size());
    builder_.scalar(text_.substr(start, end_ - start), false, location);
    return true;
  }
  bool open(NodeKind kind) {
    builder_.open(kind, advance());
    ++end_;
    return true;
  }
  bool close() {
    advance();
    ++end_;
    builder_.close();
    return true;
  }

  std::string_view text_;
  const char* position_;     // how far the lexer has read
  std::size_t end_ = 0;      // where the last token ended
  std::size_t counted_ = 0;  // what `location_` is the location of
  Location location_;
  DocumentBuilder builder_;
};

}  // namespace

void parse_json(std::string_view text, Document& document, MistakeList* repeated) {
  MistakeList own;
  Reader(text, document, repeated != nullptr ? *repeated : own).read();
  own.throw_any();
}

}  // namespace smoothbound::text

namespace smoothbound {

// Here, since this is the one source of the calculator with nlohmann's library: its digits are not
// always the fewest, and those that were written stay what they are.
std::string json_number(double value) {
  if (!std::isfinite(value)) return "null";
  constexpr std::size_t longest = 64;
  std::array<char, longest> text{};
  return {text.data(), nlohmann::detail::to_chars(text.data(), text.data() + longest, value)};
}

}  // namespace smoothbound
