// YAML through libyaml's events.

#include <fmt/format.h>
#include <yaml.h>

#include "smoothbound/text/document.hpp"

namespace smoothbound::text {
namespace {

// Turns character counts into locations. libyaml's own lines also end at a lone CR and at U+0085,
// U+2028 and U+2029, where those of messages do not. Fast for counts that increase.
class Locator {
 public:
  explicit Locator(std::string_view text) : text_(text) {}

  Location at(std::size_t character) {
    if (character < character_) *this = Locator(text_);
    while (character_ < character && byte_ < text_.size()) {
      if (text_[byte_] == '\n') {
        ++location_.line;
        location_.column = 1;
      } else {
        ++location_.column;
      }
      ++character_;
      do {
        ++byte_;
      } while (byte_ < text_.size() && (static_cast<unsigned char>(text_[byte_]) & 0xC0U) == 0x80U);
    }
    return location_;
  }
  /// The character at the last location, NUL at the end.
  [[nodiscard]] char character() const { return byte_ < text_.size() ? text_[byte_] : '\0'; }

 private:
  std::string_view text_;
  std::size_t byte_ = 0;
  std::size_t character_ = 0;
  Location location_;
};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), locator_(text) {
    if (yaml_parser_initialize(&parser_) == 0) throw std::bad_alloc();
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  ~Parser() {
    yaml_event_delete(&event_);
    yaml_parser_delete(&parser_);
  }

  Location location_of(const yaml_mark_t& mark) { return locator_.at(mark.index); }

  // The next event; valid until the next call.
  const yaml_event_t& next() {
    yaml_event_delete(&event_);
    if (yaml_parser_parse(&parser_, &event_) == 0) fail();
    return event_;
  }

 private:
  [[noreturn]] void fail() {
    if (parser_.error == YAML_MEMORY_ERROR) throw std::bad_alloc();
    if (parser_.error == YAML_READER_ERROR) {  // has no mark
      throw SpecError(locate(text_, parser_.problem_offset),
                      fmt::format("invalid YAML: {}", parser_.problem), "remove the character");
    }
    std::string message = fmt::format("invalid YAML: {}", parser_.problem);
    std::vector<SpecError::Note> notes;
    const Location location = location_of(parser_.problem_mark);
    if (locator_.character() == '\t' && parser_.error == YAML_SCANNER_ERROR) {
      throw SpecError(location, "invalid YAML: a tab cannot indent", "indent with spaces");
    }
    const std::string hint = hint_for(parser_.problem);
    if (parser_.context != nullptr) {
      message += fmt::format(" {}", parser_.context);
      if (parser_.context_mark.line != parser_.problem_mark.line) {
        notes.push_back({location_of(parser_.context_mark), "it began here"});
      }
    }
    throw SpecError(location, message, hint, std::move(notes));
  }

  static std::string hint_for(std::string_view problem) {
    if (problem.find("mapping values are not allowed") != std::string_view::npos) {
      return "put text that contains a colon in quotes; settings stand in braces: {key: value}";
    }
    if (problem.find("<document start>") != std::string_view::npos) {
      return "the file holds one mapping; remove what follows it";
    }
    return "check indentation, and that every bracket and quote is closed";
  }

  std::string_view text_;
  Locator locator_;
  yaml_parser_t parser_{};
  yaml_event_t event_{};
};

// PyYAML writes them for an object that is used twice.
constexpr const char* without_aliases =
    "write the value out where it is used; for a file from Python, set "
    "yaml.Dumper.ignore_aliases = lambda *a: True (SafeDumper for safe_dump), or write JSON";

void refuse_anchor_and_tag(const yaml_char_t* anchor, const yaml_char_t* tag, Location location) {
  if (anchor != nullptr) {
    throw SpecError(location, "YAML anchors and aliases are not supported", without_aliases);
  }
  if (tag != nullptr) {
    throw SpecError(location, "YAML tags are not supported",
                    "remove the tag; numbers and text are told apart by quotes");
  }
}

void add_scalar(DocumentBuilder& builder, const yaml_event_t& event, Location location) {
  const auto& scalar = event.data.scalar;
  refuse_anchor_and_tag(scalar.anchor, scalar.tag, location);
  const std::string_view text(reinterpret_cast<const char*>(scalar.value), scalar.length);
  const bool quoted = scalar.style != YAML_PLAIN_SCALAR_STYLE;
  if (!quoted && text == "<<" && builder.expects_key()) {
    throw SpecError(location, "YAML merge keys are not supported", "write the merged keys out");
  }
  builder.scalar(text, quoted, location);
}

void build(Parser& parser, DocumentBuilder& builder) {
  int documents = 0;
  for (;;) {
    const yaml_event_t& event = parser.next();
    const Location location = parser.location_of(event.start_mark);
    switch (event.type) {
      case YAML_STREAM_END_EVENT:
        if (documents == 0) {
          throw SpecError({}, "the file is empty",
                          "an architecture file has at least 'input' and 'layers'");
        }
        return;
      case YAML_DOCUMENT_START_EVENT:
        if (++documents > 1) {
          throw SpecError(location, "a second YAML document begins here",
                          "keep one architecture in one file");
        }
        break;
      case YAML_ALIAS_EVENT:
        throw SpecError(location, "YAML anchors and aliases are not supported", without_aliases);
      case YAML_SCALAR_EVENT:
        add_scalar(builder, event, location);
        break;
      case YAML_SEQUENCE_START_EVENT:
        refuse_anchor_and_tag(event.data.sequence_start.anchor, event.data.sequence_start.tag,
                              location);
        builder.open(NodeKind::sequence, location);
        break;
      case YAML_MAPPING_START_EVENT:
        refuse_anchor_and_tag(event.data.mapping_start.anchor, event.data.mapping_start.tag,
                              location);
        builder.open(NodeKind::mapping, location);
        break;
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT:
        builder.close();
        break;
      case YAML_NO_EVENT:
      case YAML_STREAM_START_EVENT:
      case YAML_DOCUMENT_END_EVENT:
        break;
    }
  }
}

}  // namespace

void parse_yaml(std::string_view text, Document& document, MistakeList* repeated) {
  MistakeList own;
  Parser parser(text);
  DocumentBuilder builder(document, repeated != nullptr ? *repeated : own);
  build(parser, builder);
  own.throw_any();
}

}  // namespace smoothbound::text
