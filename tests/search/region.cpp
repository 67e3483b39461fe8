#include "search/region.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace smoothbound::search {
namespace {

Numbers normal_numbers(std::size_t size, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  Numbers numbers(size);
  for (double& number : numbers) number = normal(random);
  return numbers;
}

bool one_in(std::uint64_t cases, std::mt19937_64& random) { return random() % cases == 0; }

// The rows of an array are those of the outputs of a layer, in most components.
void shape_array(std::span<double> array, std::size_t rows, Region::Start start,
                 std::mt19937_64& random) {
  const std::size_t row = array.size() / rows;
  const std::size_t groups = 1 + random() % 2;
  const auto copy_row = [&](std::size_t from, std::size_t to, double factor) {
    for (std::size_t i = 0; i < row; ++i) array[to * row + i] = factor * array[from * row + i];
  };
  switch (start) {
    case Region::Start::equal_groups:
      for (std::size_t r = groups; r < rows; ++r) copy_row(r % groups, r, 1);
      break;
    case Region::Start::opposite:
      for (std::size_t r = 1; r < rows; r += 2) copy_row(r - 1, r, -1);
      break;
    case Region::Start::positive:
      for (double& entry : array) entry = 1;
      break;
    default:
      break;
  }
}

}  // namespace

double norm_of(std::span<const double> v) {
  return std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0));
}

bool set_norm(std::span<double> v, double norm) {
  const double found = norm_of(v);
  constexpr double tiny = 1e-300;  // by less than that nothing can be divided
  if (found < tiny || !std::isfinite(found)) return false;
  for (double& entry : v) entry *= norm / found;
  return true;
}

bool exceeds(double value, double best) { return !std::isnan(best) && !(value <= best); }

Region::Region(const support::Network& network, const ParameterLayout& layout)
    : layout_(layout),
      ids_(network.graph.input_ids),
      batch_(static_cast<std::size_t>(network.settings.batch)),
      sample_elements_(static_cast<std::size_t>(network.graph.input.elements())),
      norm_(network.settings.input_norm.lower.to_double()),
      sample_norm_(network.settings.sample_norm.lower.to_double()),
      centre_(static_cast<std::size_t>(layout.elements)) {
  for (const ParameterBlock& block : layout.blocks) {
    radii_.push_back((block.radius ? *block.radius : network.settings.radius).lower.to_double());
  }
}

void Region::move_to(Numbers centre, double radius, std::optional<Numbers> input) {
  centre_ = std::move(centre);
  std::ranges::fill(radii_, radius);
  input_ = std::move(input);
}

template <class Number>
std::span<Number> Region::block_of(std::span<Number> w, std::size_t block) const {
  const ParameterBlock& b = layout_.blocks[block];
  return w.subspan(static_cast<std::size_t>(b.offset), static_cast<std::size_t>(b.elements));
}

std::span<double> Region::sample_of(Numbers& x, std::size_t sample) const {
  return std::span(x).subspan(sample * sample_elements_, sample_elements_);
}

void Region::project(SearchPoint& point) const {
  for (std::size_t b = 0; b < radii_.size(); ++b) {
    const std::span<double> block = block_of<double>(point.w, b);
    const std::span<const double> centre = block_of<const double>(centre_, b);
    for (std::size_t i = 0; i < block.size(); ++i) block[i] -= centre[i];
    if (norm_of(block) > radii_[b]) set_norm(block, radii_[b]);
    for (std::size_t i = 0; i < block.size(); ++i) block[i] += centre[i];
  }
  if (ids_ || input_) return;
  for (std::size_t n = 0; n < batch_; ++n) {
    const std::span<double> sample = sample_of(point.x, n);
    if (norm_of(sample) > sample_norm_) set_norm(sample, sample_norm_);
  }
  if (norm_of(point.x) > norm_) set_norm(point.x, norm_);
}

Numbers Region::draw_input(std::mt19937_64& random) const {
  if (input_) return *input_;
  Numbers x = normal_numbers(batch_ * sample_elements_, random);
  if (ids_) {
    const auto id = [&] {
      return static_cast<double>(random() % static_cast<std::uint64_t>(*ids_));
    };
    for (double& value : x) value = id();
    if (one_in(3, random)) std::ranges::fill(x, id());
    return x;
  }
  const std::uint64_t kind = random() % 5;
  if (kind == 1) std::ranges::fill(x, 1.0);
  if (kind == 2) {  // all in one sample
    const std::size_t only = random() % batch_;
    for (std::size_t n = 0; n < batch_; ++n) {
      if (n != only) std::ranges::fill(sample_of(x, n), 0.0);
    }
  }
  if (kind == 3) {  // samples with one entry each
    for (std::size_t n = 0; n < batch_; ++n) {
      const std::size_t only = n * sample_elements_ + random() % sample_elements_;
      const double kept = x[only];
      std::ranges::fill(sample_of(x, n), 0.0);
      x[only] = kept;
    }
  }
  if (kind == 4) {  // equal samples
    for (std::size_t n = 1; n < batch_; ++n) {
      std::ranges::copy(sample_of(x, 0), sample_of(x, n).begin());
    }
  }
  set_norm(x, norm_ * (one_in(6, random) ? 0.1 : 2));  // beyond the border, or small
  return x;
}

SearchPoint Region::draw(Start start, std::mt19937_64& random) const {
  SearchPoint point{normal_numbers(centre_.size(), random), draw_input(random)};
  for (const ParameterArray& array : layout_.arrays) {
    shape_array(std::span(point.w).subspan(static_cast<std::size_t>(array.offset),
                                           static_cast<std::size_t>(array.elements)),
                static_cast<std::size_t>(array.sizes.front()), start, random);
  }
  for (std::size_t b = 0; b < radii_.size(); ++b) {
    const std::span<double> block = block_of<double>(point.w, b);
    if (start == Start::one_entry) {
      const std::size_t only = random() % block.size();
      for (std::size_t i = 0; i < block.size(); ++i) {
        if (i != only) block[i] = 0;
      }
    }
    const double share = start == Start::small ? (one_in(2, random) ? 0.01 : 0.3) : 1;
    if (!set_norm(block, share * radii_[b])) std::ranges::fill(block, 0.0);
  }
  for (std::size_t i = 0; i < centre_.size(); ++i) point.w[i] += centre_[i];
  project(point);
  return point;
}

SearchPoint Region::moved(const SearchPoint& from, SearchPoint direction, double share) const {
  SearchPoint to = from;
  const auto add = [](std::span<const double> step, std::span<double> place) {
    for (std::size_t i = 0; i < place.size(); ++i) place[i] += step[i];
  };
  for (std::size_t b = 0; b < radii_.size(); ++b) {
    const std::span<double> step = block_of<double>(direction.w, b);
    if (set_norm(step, share * radii_[b])) add(step, block_of<double>(to.w, b));
  }
  if (!ids_ && !input_ && set_norm(direction.x, share * norm_)) add(direction.x, to.x);
  project(to);
  return to;
}

}  // namespace smoothbound::search
