#include "smoothbound/runtime/initialize.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>

#include "array.hpp"
#include "smoothbound/data/random.hpp"
#include "smoothbound/runtime/norm.hpp"

namespace smoothbound {
namespace {

constexpr std::array<std::string_view, 4> names{"kaiming", "xavier", "normal", "ball"};

// Streams of random numbers: away from those of samples (0) and labels (1), one for each array, and
// one for the radii.
constexpr std::uint64_t radius_stream = std::uint64_t{1} << 32U;
constexpr std::uint64_t first_array_stream = std::uint64_t{1} << 33U;

std::string_view kind_of(const ParameterArray& array) {
  const std::string_view name = array.name;
  return name.substr(name.rfind('.') + 1);
}

template <class Scalar>
class Initializer {
 public:
  Initializer(Network<Scalar>& network, Scheme scheme, std::uint64_t seed)
      : layout_(network.parameter_layout()),
        w_(network.parameters()),
        scheme_(scheme),
        seed_(seed) {}

  void draw_weights() {
    constexpr double small = 0.02;  // of blocks that are values
    for (std::size_t i = 0; i < layout_.arrays.size(); ++i) {
      const ParameterArray& array = layout_.arrays[i];
      const std::string_view kind = kind_of(array);
      if (kind == "value") {
        draw_normal(i, small);
        continue;
      }
      if (kind != "weight") {
        fill(at(array), array.elements, static_cast<Scalar>(kind == "scale" ? 1 : 0));
        continue;
      }
      const auto elements = static_cast<double>(array.elements);
      const double fan_in = elements / static_cast<double>(array.sizes[0]);
      const double fan_out = elements / static_cast<double>(array.sizes[1]);
      if (scheme_ == Scheme::xavier) {
        const double most = std::sqrt(6 / (fan_in + fan_out));
        draw(i, [most](const RandomSequence& numbers, std::uint64_t index) {
          return most * (2 * numbers.uniform(index) - 1);
        });
      } else {
        draw_normal(i, std::sqrt((scheme_ == Scheme::kaiming ? 2 : 1) / fan_in));
      }
    }
  }

  // A normal vector has a uniform direction, and u^(1/d) of a uniform u is the distance from the
  // centre of a point in the ball of d dimensions.
  void draw_balls(const Real& default_radius) {
    for (std::size_t i = 0; i < layout_.arrays.size(); ++i) draw_normal(i, 1);
    const RandomSequence uniforms(seed_, radius_stream);
    for (std::size_t i = 0; i < layout_.blocks.size(); ++i) {
      const ParameterBlock& block = layout_.blocks[i];
      const double radius = (block.radius ? *block.radius : default_radius).lower.to_double();
      if (!(radius <= static_cast<double>(std::numeric_limits<Scalar>::max()))) {
        throw std::overflow_error(
            fmt::format("the radius {:g} is beyond the range of the numbers", radius));
      }
      const auto values = w_.subspan(static_cast<std::size_t>(block.offset),
                                     static_cast<std::size_t>(block.elements));
      // Smaller than what the rounding of the entries adds to the norm.
      const double below = 1 - 8 * static_cast<double>(std::numeric_limits<Scalar>::epsilon());
      const auto dimension = static_cast<double>(block.elements);
      const double target =
          radius * std::pow(uniforms.uniform(i), 1 / dimension) * std::min(below, 1 - 0x1p-38);
      const double factor = target / euclidean_norm(std::span<const Scalar>(values));
      parallel_for(block.elements, array_grain, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t j = begin; j < end; ++j) {
          Scalar& value = values[static_cast<std::size_t>(j)];
          value = static_cast<Scalar>(static_cast<double>(value) * factor);
        }
      });
    }
  }

 private:
  Scalar* at(const ParameterArray& array) { return w_.data() + array.offset; }

  void draw_normal(std::size_t array, double deviation) {
    draw(array, [deviation](const RandomSequence& numbers, std::uint64_t index) {
      return deviation * numbers.normal(index);
    });
  }

  template <class Number>
  void draw(std::size_t index, const Number& number) {
    const ParameterArray& array = layout_.arrays[index];
    const RandomSequence numbers(seed_, first_array_stream + index);
    Scalar* const values = at(array);
    constexpr std::int64_t grain = 1024;
    parallel_for(array.elements, grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        values[i] = static_cast<Scalar>(number(numbers, static_cast<std::uint64_t>(i)));
      }
    });
  }

  const ParameterLayout& layout_;
  std::span<Scalar> w_;
  Scheme scheme_;
  std::uint64_t seed_;
};

}  // namespace

std::span<const std::string_view> scheme_names() { return names; }
std::string_view name_of(Scheme scheme) { return names.at(static_cast<std::size_t>(scheme)); }

template <class Scalar>
void initialize(Network<Scalar>& network, Scheme scheme, std::uint64_t seed,
                const Real& default_radius) {
  Initializer<Scalar> initializer(network, scheme, seed);
  if (scheme == Scheme::ball) {
    initializer.draw_balls(default_radius);
  } else {
    initializer.draw_weights();
  }
  network.update_parameters();
}

template void initialize(Network<float>&, Scheme, std::uint64_t, const Real&);
template void initialize(Network<double>&, Scheme, std::uint64_t, const Real&);

}  // namespace smoothbound
