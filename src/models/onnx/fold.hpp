// What evaluations of operators on known arrays have in common.
#pragma once

#include <fmt/format.h>

#include <map>
#include <string_view>
#include <vector>

#include "constant.hpp"

namespace smoothbound::models::onnx {

using Inputs = std::vector<const Constant*>;
using Result = std::vector<Constant>;

/// What an evaluation is given.
struct Call {
  const Graph& graph;
  const Node& node;
  const Inputs& inputs;
  Folder& folder;

  [[nodiscard]] const Constant* find(std::size_t index) const {
    return index < inputs.size() ? inputs[index] : nullptr;
  }
  [[nodiscard]] const Constant& at(std::size_t index) const {
    if (const Constant* const given = find(index)) return *given;
    refuse(fmt::format("input {} is missing", index + 1), "is the file complete?");
  }
};

/// Goes through an array of `sizes`, with the place in arrays of these strides.
template <class Use>
void for_each_place(const Sizes& sizes, const std::vector<Sizes>& strides, const Use& use) {
  std::vector<std::int64_t> at(strides.size(), 0);
  Sizes place(sizes.size(), 0);
  const std::int64_t count = product(sizes);
  for (std::int64_t i = 0; i < count; ++i) {
    use(at);
    for (std::size_t axis = sizes.size(); axis-- > 0;) {
      ++place[axis];
      for (std::size_t k = 0; k < at.size(); ++k) at[k] += strides[k][axis];
      if (place[axis] < sizes[axis]) break;
      for (std::size_t k = 0; k < at.size(); ++k) at[k] -= strides[k][axis] * sizes[axis];
      place[axis] = 0;
    }
  }
}

/// Of an array as it is seen with more axes in front, and its axes of size 1 repeated.
Sizes broadcast_strides(const Sizes& from, const Sizes& to);
/// What a result is like that is computed of all these: no deeper than they are.
Constant resembling(const Constant& like, std::initializer_list<const Constant*> inputs);
/// What was done to an array, for the view of one that is made of it.
std::string trace_of(const Constant& array);

using Fold = Result (*)(const Call&);
/// Of operators that move and choose numbers.
std::map<std::string_view, Fold> layout_folds();

}  // namespace smoothbound::models::onnx
