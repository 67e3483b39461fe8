#include "smoothbound/text/mistakes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <tuple>

namespace smoothbound {

void MistakeList::add(const SpecError& error) {
  const bool known = std::ranges::any_of(mistakes_, [&](const SpecError& other) {
    return other.location == error.location && std::string_view(other.what()) == error.what();
  });
  if (!known) mistakes_.push_back(error);
  if (mistakes_.size() >= most) throw_any();
}

void MistakeList::throw_any() const {
  if (mistakes_.empty()) return;
  if (mistakes_.size() == 1) throw SpecError(mistakes_.front());
  std::vector<SpecError> sorted = mistakes_;
  std::ranges::stable_sort(sorted, {}, [](const SpecError& error) {
    return std::tuple(error.location.line, error.location.column);
  });
  throw SpecErrors(std::move(sorted));
}

std::string render_errors(const Source& source, const SpecError& error, RemedyWords words) {
  const auto* several = dynamic_cast<const SpecErrors*>(&error);
  if (several == nullptr) return render_error(source, error, words);
  constexpr std::size_t shown = 20;
  const std::size_t count = several->all.size();
  std::string text;
  for (std::size_t i = 0; i < std::min(count, shown); ++i) {
    text += render_error(source, several->all[i], words);
  }
  if (count <= shown) return text;
  return text + fmt::format("{}: {}{} more mistake{}\n", escape_controls(source.name),
                            count < MistakeList::most ? "" : "at least ", count - shown,
                            count == shown + 1 ? "" : "s");
}

}  // namespace smoothbound
