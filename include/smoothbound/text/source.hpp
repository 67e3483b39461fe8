// Where something stands in a file, and the one exception and renderer for what is wrong there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "smoothbound/rules/remedy.hpp"

namespace smoothbound {

/// A place in a text: 1-based line, 1-based column in characters (not bytes).
struct Location {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  friend bool operator==(const Location&, const Location&) = default;
};

/// The place of what is wrong with a file as a whole: it is missing, or no text.
constexpr Location whole_file{0, 0};

/// May begin a file; not a part of its text, and not counted in locations.
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// A text with the name that messages call it by ("net.yaml", "<stdin>").
struct Source {
  std::string name;
  std::string text;
  /// Of a text that was made of a model: what its reader had to say, and the model's format.
  std::vector<std::string> notes = {};
  std::string_view model_format = {};
  bool has_numbers = false;  // the model has its parameters
};

/// A user's mistake, before it is tied to a text.
class SpecError : public std::runtime_error {
 public:
  /// A second place that explains the first ("first defined here").
  struct Note {
    Location location;
    std::string message;
  };

  /// `advice`: what to do, which nobody who throws one may leave open.
  SpecError(Location where, const std::string& message, std::string advice,
            std::vector<Note> more = {})
      : std::runtime_error(message),
        location(where),
        hint(std::move(advice)),
        notes(std::move(more)) {}
  SpecError(Location where, const std::string& message, Remedy way_out)
      : std::runtime_error(message), location(where), remedy(way_out) {}

  Location location;
  std::string hint;
  Remedy remedy = Remedy::none;  // in place of a hint
  std::vector<Note> notes;
};

/// `file:line:column: error: message`, the line with a caret, the notes in the same form, the hint;
/// for `whole_file` `file: error: message` and the hint.
/// Ends in a newline. Nothing in it can drive a terminal: see `escape_controls`.
std::string render_error(const Source& source, const SpecError& error,
                         RemedyWords words = plain_words);

/// The line for a hint or else a remedy; nothing if there is neither.
std::string render_hint(const std::string& hint, Remedy remedy, RemedyWords words);

/// `text` with control characters, invisible ones, those that change the direction and invalid
/// UTF-8 written as \n, \xNN or \u{NNNN}, and commands of GitHub's runner broken up: no name can
/// drive a terminal or a runner, nor break a row.
std::string escape_controls(std::string_view text);

/// The same for a message, which is cut if a name in it makes it very long.
std::string escape_message(std::string_view message);

/// Number of characters (UTF-8 code points) in `text`.
std::size_t character_count(std::string_view text);

/// The byte offset of the first byte that is not UTF-8 text (NUL included), or npos.
std::size_t find_invalid_text(std::string_view text);

/// The location of a byte offset in `text`.
Location locate(std::string_view text, std::size_t offset);

}  // namespace smoothbound
