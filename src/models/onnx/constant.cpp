#include "constant.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "smoothbound/text/source.hpp"

namespace smoothbound::models::onnx {
namespace {

std::vector<double> permuted_numbers(const std::vector<double>& values, const Sizes& from,
                                     const std::vector<int>& order) {
  const Sizes strides = strides_of(from);
  Sizes sizes;
  Sizes steps;
  for (const int axis : order) {
    sizes.push_back(from[static_cast<std::size_t>(axis)]);
    steps.push_back(strides[static_cast<std::size_t>(axis)]);
  }
  std::vector<double> result(values.size());
  Sizes place(sizes.size(), 0);
  std::int64_t at = 0;
  for (double& value : result) {
    value = values[static_cast<std::size_t>(at)];
    for (std::size_t axis = sizes.size(); axis-- > 0;) {
      at += steps[axis];
      if (++place[axis] < sizes[axis]) break;
      at -= steps[axis] * sizes[axis];
      place[axis] = 0;
    }
  }
  return result;
}

bool is_direct(const Tensor& tensor) {
  return tensor.integers.empty() && tensor.type != DataType::text;
}

ElementType element_type(DataType type) {
  switch (type) {
    case DataType::float64:
      return ElementType::f64;
    case DataType::float16:
      return ElementType::f16;
    case DataType::bfloat16:
      return ElementType::bf16;
    case DataType::uint8:
      return ElementType::u8;
    case DataType::int8:
      return ElementType::i8;
    case DataType::uint16:
      return ElementType::u16;
    case DataType::int16:
      return ElementType::i16;
    case DataType::uint32:
      return ElementType::u32;
    case DataType::int32:
      return ElementType::i32;
    case DataType::uint64:
      return ElementType::u64;
    case DataType::int64:
      return ElementType::i64;
    case DataType::boolean:
      return ElementType::boolean;
    default:
      return ElementType::f32;
  }
}

}  // namespace

void refuse(const std::string& message, std::string hint) {
  throw SpecError(whole_file, message, std::move(hint));
}

std::int64_t product(const Sizes& sizes) {
  std::int64_t result = 1;
  for (const std::int64_t size : sizes) result = checked_product(result, size, "an array's size");
  return result;
}

Sizes strides_of(const Sizes& sizes) {
  Sizes strides(sizes.size(), 1);
  for (std::size_t axis = sizes.size(); axis-- > 1;)
    strides[axis - 1] = strides[axis] * sizes[axis];
  return strides;
}

Constant::Constant(const Graph& graph, std::uint32_t initializer, bool is_literal)
    : sizes(graph.initializers[initializer].sizes),
      is_integer(!graph.initializers[initializer].is_real()),
      may_be_trained(!is_literal && !is_integer),
      name(graph.initializers[initializer].name),
      origin(initializer),
      graph_(&graph) {}

Constant::Constant(Sizes array_sizes, bool holds_integers, std::vector<double> numbers)
    : sizes(std::move(array_sizes)),
      is_integer(holds_integers),
      numbers_(std::make_shared<Numbers>(Numbers{std::move(numbers), {}})) {}

Constant::Constant(Sizes array_sizes, const Constant& like, Compute compute)
    : sizes(std::move(array_sizes)),
      is_integer(like.is_integer),
      may_be_trained(like.may_be_trained),
      name(like.name),
      origin(like.origin),
      view(like.view),
      depth(like.depth + 1),
      numbers_(std::make_shared<Numbers>(Numbers{{}, std::move(compute)})) {
  // Small arrays at once, and long chains in time: nothing is computed by deep recursion.
  constexpr std::int64_t small = 4096;
  constexpr std::uint32_t deepest = 100;
  if (elements() <= small || depth > deepest) {
    static_cast<void>(values());
    depth = 0;
  }
}

const std::vector<double>& Constant::values() const {
  if (numbers_ == nullptr) {
    auto& self = const_cast<Constant&>(*this);  // what it holds does not change
    self.numbers_ = std::make_shared<Numbers>();
    self.numbers_->values = graph_ == nullptr ? std::vector<double>{} : tensor().values();
    if (reversed_) {
      const Sizes stored(sizes.rbegin(), sizes.rend());
      std::vector<int> order(sizes.size());
      for (std::size_t i = 0; i < order.size(); ++i) {
        order[i] = static_cast<int>(order.size() - 1 - i);
      }
      self.numbers_->values = permuted_numbers(numbers_->values, stored, order);
    }
  }
  if (numbers_->compute) {
    numbers_->values = numbers_->compute();
    numbers_->compute = nullptr;
  }
  return numbers_->values;
}

Sizes Constant::integers() const {
  Sizes result;
  for (const double value : values()) {
    constexpr double limit = 0x1p63;
    if (std::isnan(value))
      refuse("a number that is none stands for a whole number", "is the file complete?");
    result.push_back(value >= limit   ? std::numeric_limits<std::int64_t>::max()
                     : value < -limit ? std::numeric_limits<std::int64_t>::min()
                                      : static_cast<std::int64_t>(value));
  }
  return result;
}

bool Constant::is_all(double number) const {
  return std::ranges::all_of(values(), [&](double value) { return value == number; });
}

Constant Constant::reshaped(Sizes to) const {
  Constant result = *this;
  if (reversed_ && result.numbers_ == nullptr) {
    // Only axes of size 1 may come and go without touching the order.
    const auto real = [](const Sizes& all) {
      Sizes kept;
      std::ranges::copy_if(all, std::back_inserter(kept), [](auto size) { return size != 1; });
      return kept;
    };
    if (real(to) != real(sizes)) {
      const Constant from = *this;
      return {std::move(to), from, [from] { return from.values(); }};
    }
  }
  result.sizes = std::move(to);
  return result;
}

Constant Constant::permuted(const std::vector<int>& order) const {
  // Axes of size 1 do not count.
  std::vector<int> kept;
  Sizes to;
  for (const int axis : order) {
    to.push_back(sizes[static_cast<std::size_t>(axis)]);
    if (to.back() != 1) kept.push_back(axis);
  }
  if (std::ranges::is_sorted(kept)) return reshaped(std::move(to));
  if (graph_ != nullptr && numbers_ == nullptr && std::ranges::is_sorted(kept, std::greater<>())) {
    Constant result = *this;
    result.sizes = std::move(to);
    result.reversed_ = !reversed_;
    result.view += 't';
    return result;
  }
  const Constant from = *this;
  Constant result(std::move(to), from,
                  [from, order] { return permuted_numbers(from.values(), from.sizes, order); });
  result.view += fmt::format("p{}", fmt::join(order, ","));
  return result;
}

std::variant<FileRegion, ComputedNumbers> Constant::numbers(const std::string& file) const {
  if (graph_ != nullptr && is_direct(tensor())) {
    const std::string& where = tensor().file.empty() ? file : tensor().file;
    if (!where.empty()) {
      return FileRegion{where, tensor().offset, element_type(tensor().type), reversed_};
    }
  }
  const Constant kept = *this;
  return [kept] { return kept.values(); };
}

}  // namespace smoothbound::models::onnx
