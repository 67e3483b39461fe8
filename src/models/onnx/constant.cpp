#include "constant.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "smoothbound/text/digest.hpp"
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

std::int64_t whole(double value) {
  constexpr double limit = 0x1p63;
  if (std::isnan(value)) {
    refuse("a number that is none stands for a whole number", "is the file complete?");
  }
  return value >= limit   ? std::numeric_limits<std::int64_t>::max()
         : value < -limit ? std::numeric_limits<std::int64_t>::min()
                          : static_cast<std::int64_t>(value);
}

}  // namespace

void refuse(const std::string& message, std::string hint) {
  throw SpecError(whole_file, message, std::move(hint));
}

std::int64_t product(const Sizes& sizes) {
  std::int64_t result = 1;
  bool is_empty = false;
  for (const std::int64_t size : sizes) {
    if (size < 0) refuse("an array has a size below 0", "is the file complete?");
    is_empty = is_empty || size == 0;
    if (size != 0 && __builtin_mul_overflow(result, size, &result)) {
      refuse("an array's size exceeds 2^63 - 1", "make the sizes smaller");
    }
  }
  return is_empty ? 0 : result;
}

void require_rank(std::size_t axes) {
  if (axes <= largest_rank) return;
  refuse(fmt::format("an array of {} axes", axes),
         fmt::format("arrays of up to {} axes are read", largest_rank));
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
      numbers_(std::make_shared<Numbers>(std::move(numbers), Compute())) {}

Constant::Constant(Sizes array_sizes, const Constant& like, Compute compute)
    : sizes(std::move(array_sizes)),
      is_integer(like.is_integer),
      may_be_trained(like.may_be_trained),
      name(like.name),
      origin(like.origin),
      view(like.view),
      depth(like.depth + 1),
      numbers_(std::make_shared<Numbers>(std::vector<double>(), std::move(compute))) {
  require_rank(sizes.size());
  // Small arrays at once, and long chains in time: nothing is computed by deep recursion.
  constexpr std::int64_t small = 4096;
  constexpr std::uint32_t deepest = 8;
  if (elements() <= small || depth > deepest) {
    static_cast<void>(values());
    depth = 0;
  }
}

const std::vector<double>& Constant::values() const {
  if (numbers_ == nullptr) {
    const auto read = std::make_shared<Numbers>(
        graph_ == nullptr ? std::vector<double>() : tensor().values(), Compute());
    if (graph_ != nullptr) read->take_room(graph_->room);
    numbers_ = read;
    if (reversed_) {
      const Sizes stored(sizes.rbegin(), sizes.rend());
      std::vector<int> order(sizes.size());
      for (std::size_t i = 0; i < order.size(); ++i) {
        order[i] = static_cast<int>(order.size() - 1 - i);
      }
      numbers_->values = permuted_numbers(numbers_->values, stored, order);
    }
  }
  if (numbers_->compute) {
    std::vector<double> computed = numbers_->compute();
    if (numbers_->room != nullptr) numbers_->room->take(computed.size());
    numbers_->values = std::move(computed);
    numbers_->compute = nullptr;
  }
  return numbers_->values;
}

Sizes Constant::integers() const {
  Sizes result;
  for (const double value : values()) result.push_back(whole(value));
  return result;
}

double Constant::first() const {
  if (elements() > 0) return values().front();
  refuse("a number is asked for of an array without entries", "is the file complete?");
}

std::int64_t Constant::first_integer() const { return whole(first()); }

bool Constant::is_all(double number) const {
  return std::ranges::all_of(values(), [&](double value) { return value == number; });
}

void Room::take(std::size_t count) {
  if (count > left_) {
    refuse("what is computed of known arrays takes too much memory",
           "simplify the model before, for example with onnxsim");
  }
  left_ -= count;
}

void Constant::Numbers::take_room(std::shared_ptr<Room> from) {
  if (room != nullptr || from == nullptr) return;
  from->take(values.size());
  room = std::move(from);
}

void Constant::take_room(const std::shared_ptr<Room>& room) {
  if (numbers_ != nullptr) numbers_->take_room(room);
}

void Constant::add_to_view(std::string_view what) {
  constexpr std::size_t longest = 80;  // more than a digest has
  view += what;
  if (view.size() > longest) view = "#" + sha256(view);
}

Constant Constant::reshaped(Sizes to) const {
  require_rank(to.size());
  if (product(to) != elements()) {
    refuse(
        fmt::format("[{}] cannot have the shape [{}]", fmt::join(sizes, ", "), fmt::join(to, ", ")),
        "is the file complete?");
  }
  Constant result = *this;
  if (to != sizes) result.repeated = nullptr;
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
    result.add_to_view("t");
    return result;
  }
  const Constant from = *this;
  Constant result(std::move(to), from,
                  [from, order] { return permuted_numbers(from.values(), from.sizes, order); });
  result.add_to_view(fmt::format("p{}", fmt::join(order, ",")));
  return result;
}

Constant Constant::as_stored() const {
  return graph_ == nullptr ? *this : Constant(*graph_, origin, !may_be_trained);
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
