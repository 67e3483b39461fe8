// "Did you mean": the nearest of a list of known words.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace smoothbound {

/// Levenshtein distance in bytes, transpositions counting one.
int edit_distance(std::string_view a, std::string_view b);

/// "did you mean 'conv'?" when a candidate is near enough to `word`, else `otherwise`.
std::string suggest(std::string_view word, std::span<const std::string_view> candidates,
                    std::string otherwise = {});

/// Whether `word` is one of `words`.
bool is_among(std::span<const std::string> words, std::string_view word);

/// "a, b, c".
std::string join(std::span<const std::string_view> words);
/// "a, b or c".
std::string join_or(std::span<const std::string_view> words);

}  // namespace smoothbound
