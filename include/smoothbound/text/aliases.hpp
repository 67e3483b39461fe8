// What other programs call components, settings and losses.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace smoothbound {

/// A word of PyTorch, Keras, JAX or Caffe. One meaning is one row: where `name` is among the words
/// that are possible, the row holds.
struct Alias {
  std::string_view word;    // lower case, without '_' and '-'
  std::string_view name;    // what it is called here
  std::string_view advice;  // in place of "did you mean"
};

std::span<const Alias> aliases();

/// `word` in lower case, without '_' and '-': "Batch_Norm" and "BatchNorm" are one word.
std::string fold(std::string_view word);

}  // namespace smoothbound
