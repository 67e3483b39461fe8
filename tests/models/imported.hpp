// A model's text, read as commands do, and what is wrong with one.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "smoothbound/models/model.hpp"
#include "support/read_network.hpp"

namespace smoothbound::testing {

inline models::ImportedModel imported(const std::string& path, std::string_view content,
                                      const models::ImportOptions& options = {}) {
  const auto* const format = models::find_format(path, content);
  if (format == nullptr) throw std::runtime_error("no format knows the file");
  return format->read(path, content, options);
}

inline support::Network network_of(const std::string& path, std::string_view content) {
  return support::read_network(imported(path, content).text);
}

/// What messages count, one along each axis: the numbers behind these words, as "16x24"; or the
/// first message that has none.
inline std::string counted_in(const std::vector<std::string>& messages, const std::string& words) {
  std::string sizes;
  for (const std::string& message : messages) {
    const std::size_t place = message.find(words);
    if (place == std::string::npos) return message;
    const std::size_t number = place + words.size();
    if (!sizes.empty()) sizes += 'x';
    sizes += message.substr(number, message.find(' ', number) - number);
  }
  return sizes;
}

/// All mistakes: "line:column message (hint)", each in a line.
template <class Read>
std::string places_of(const Read& read) {
  const auto line_of = [](const SpecError& error) {
    return fmt::format("{}:{} {} ({})\n", error.location.line, error.location.column, error.what(),
                       error.hint);
  };
  std::string lines;
  try {
    read();
  } catch (const SpecErrors& errors) {
    for (const SpecError& error : errors.all) lines += line_of(error);
  } catch (const SpecError& error) {
    lines = line_of(error);
  }
  return lines;
}

inline std::string places_of(const std::string& path, const std::string& content,
                             const models::ImportOptions& options = {}) {
  return places_of([&] { imported(path, content, options); });
}

}  // namespace smoothbound::testing
