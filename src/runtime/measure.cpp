#include "smoothbound/runtime/measure.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "smoothbound/data/random.hpp"
#include "smoothbound/runtime/linear_algebra.hpp"

namespace smoothbound {
namespace {

using Vector = std::vector<double>;
using View = std::span<double>;
using ConstView = std::span<const double>;

double norm_of(ConstView v) {
  return std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0));
}

// Gives `v` that norm; false if it is zero.
bool set_norm(View v, double norm) {
  const double found = norm_of(v);
  if (found == 0 || !std::isfinite(found)) return false;
  linalg::scale(norm / found, v);
  return true;
}

// A value that is not a number exceeds every other one, so that it is seen.
bool exceeds(double value, double best) { return !std::isnan(best) && !(value <= best); }

// The best direction so far and its image.
class Best {
 public:
  Best(View direction, View image) : direction_(direction), image_(image) {}
  void offer(double value, const Vector& direction, const Vector& image) {
    if (has_any_ && !exceeds(value, value_)) return;
    has_any_ = true;
    value_ = value;
    std::ranges::copy(direction, direction_.begin());
    std::ranges::copy(image, image_.begin());
  }
  [[nodiscard]] double value() const { return value_; }

 private:
  View direction_;
  View image_;
  double value_ = 0;
  bool has_any_ = false;
};

class NormRecorder final : public Observer<double> {
 public:
  explicit NormRecorder(std::vector<double>& norms) : norms_(norms) {}
  void on_layer(std::uint32_t layer, const BatchShape& shape, const double* values) override {
    const double norm = norm_of({values, static_cast<std::size_t>(shape.elements())});
    if (exceeds(norm, norms_[layer])) norms_[layer] = norm;
  }

 private:
  std::vector<double>& norms_;
};

class Search {
 public:
  Search(const Graph& graph, std::int64_t batch, const MeasureSettings& settings)
      : settings_(settings),
        ids_(graph.input_ids),
        network_(graph, batch),
        trajectory_(network_),
        random_(settings.seed),
        w_dot_(network_.parameters().size()),
        image_(static_cast<std::size_t>(network_.output_elements())) {
    found_.layer_norms.resize(graph.layers.size());
    for (const ParameterBlock& block : network_.parameter_layout().blocks) {
      const bool has_own = block.radius && settings.centre.empty();
      radii_.push_back(has_own ? block.radius->lower.to_double() : settings.default_radius);
    }
    const auto fits = [](const Vector& given, std::size_t size) {
      return given.empty() || given.size() == size;
    };
    if (!fits(settings.centre, w_dot_.size()) ||
        !fits(settings.x, static_cast<std::size_t>(network_.input_elements()))) {
      throw std::invalid_argument("a search around what the network does not have");
    }
  }

  Measurement run() {
    for (int start = 0; start < settings_.starts; ++start) {
      for (const int order : {0, 1, 2}) {
        draw_point(start == 0);
        ascend(order);
      }
    }
    return std::move(found_);
  }

 private:
  double normal() { return random_.normal(place_++); }
  bool chance(double probability) { return random_.uniform(place_++) < probability; }
  View block_of(View w, std::size_t block) const {
    const ParameterBlock& b = network_.parameter_layout().blocks[block];
    return w.subspan(static_cast<std::size_t>(b.offset), static_cast<std::size_t>(b.elements));
  }

  // Of all samples, and of each at most what it may have.
  void set_input_norm(Vector& x) const {
    set_norm(x, settings_.norm);
    const std::size_t size = x.size() / static_cast<std::size_t>(network_.batch());
    for (std::size_t first = 0; first < x.size(); first += size) {
      const View sample = View(x).subspan(first, size);
      if (norm_of(sample) > settings_.sample_norm) set_norm(sample, settings_.sample_norm);
    }
  }

  // Whether there is more than one point.
  [[nodiscard]] bool can_move() const {
    return settings_.x.empty() || settings_.centre.empty() || settings_.default_radius > 0;
  }

  // Directions are uniform on the spheres; some blocks lie inside of their balls or are sparse. The
  // first point is the centre.
  void draw_point(bool is_first) {
    at_.w.assign(network_.parameters().size(), 0);
    at_.x.resize(static_cast<std::size_t>(network_.input_elements()));
    if (settings_.x.empty()) {
      draw_input();
      const bool equal_samples = chance(0.3);
      const std::size_t sample = at_.x.size() / static_cast<std::size_t>(network_.batch());
      if (equal_samples) {
        for (std::size_t i = sample; i < at_.x.size(); ++i) at_.x[i] = at_.x[i - sample];
      }
      if (!ids_) set_input_norm(at_.x);
    } else {
      at_.x = settings_.x;
    }
    for (std::size_t b = 0; b < radii_.size(); ++b) {
      const View block = block_of(at_.w, b);
      const bool sparse = chance(0.2);
      for (double& value : block) value = sparse && chance(0.7) ? 0 : normal();
      const double share = chance(0.6) ? 1 : random_.uniform(place_++);
      set_norm(block, share * radii_[b]);
    }
    if (!settings_.centre.empty()) {
      if (is_first || settings_.default_radius == 0) std::ranges::fill(at_.w, 0.0);
      linalg::add_scaled(1, settings_.centre, at_.w);
    }
    for (double& value : w_dot_) value = normal();
  }

  // Of ids all are equal now and then, where sums of looked-up rows are largest.
  void draw_input() {
    if (!ids_) {
      for (double& value : at_.x) value = normal();
      return;
    }
    const auto id = [&] { return static_cast<double>(random_.below(place_++, *ids_)); };
    for (double& value : at_.x) value = id();
    if (chance(0.3)) std::ranges::fill(at_.x, id());
  }

  void run_forward(const Vector& w, const Vector& x) {
    network_.set_parameters(w);
    forward<double>(x, trajectory_);
  }

  // The order-th derivative at a point along the best direction near w_dot_; image_ becomes its
  // value.
  double evaluate(int order, const SearchPoint& point) {
    NormRecorder recorder(found_.layer_norms);
    trajectory_.set_observer(&recorder);
    run_forward(point.w, point.x);
    trajectory_.set_observer(nullptr);
    ++found_.draws;
    const auto y = trajectory_.output();
    keep(norm_of(y), point, found_.norm, false);
    if (order == 0 || w_dot_.empty()) {
      std::ranges::copy(y, image_.begin());
      return norm_of(y);
    }
    found_.draws += settings_.power_steps;
    if (order == 1) {
      const double value = largest_slope(trajectory_, settings_.power_steps, w_dot_, image_);
      keep(value, point, found_.slope, true);
      return value;
    }
    const double value = largest_curvature(trajectory_, settings_.power_steps, w_dot_, image_);
    keep(value, point, found_.curvature, true);
    return value;
  }

  void keep(double value, const SearchPoint& point, Measured& best, bool with_direction) const {
    if (!exceeds(value, best.value)) return;
    best.value = value;
    best.w = point.w;
    best.x = point.x;
    if (with_direction) best.w_dot = w_dot_;
  }

  // A step of that share of each radius, back into the balls.
  [[nodiscard]] SearchPoint moved(const SearchPoint& from, SearchPoint step, double share) {
    SearchPoint to = from;
    for (std::size_t b = 0; b < radii_.size(); ++b) {
      if (!set_norm(block_of(step.w, b), share * radii_[b])) continue;
      const View block = block_of(to.w, b);
      linalg::add_scaled(1, block_of(step.w, b), block);
      project(b, block);
    }
    if (!ids_ && settings_.x.empty() && set_norm(step.x, share * settings_.norm)) {
      linalg::add_scaled(1, step.x, to.x);
      set_input_norm(to.x);
    }
    return to;
  }

  // Back into the ball of a block.
  void project(std::size_t b, View block) {
    if (settings_.centre.empty()) {
      if (norm_of(block) > radii_[b]) set_norm(block, radii_[b]);
      return;
    }
    const View centre = block_of(settings_.centre, b);
    linalg::add_scaled(-1, centre, block);
    if (norm_of(block) > radii_[b]) set_norm(block, radii_[b]);
    linalg::add_scaled(1, centre, block);
  }

  void ascend(int order) {
    double value = evaluate(order, at_);
    if (!can_move()) return;
    double share = 2;
    for (int i = 0; i < settings_.ascents; ++i) {
      Vector mu = image_;
      if (!set_norm(mu, 1)) return;
      const Vector w_dot = w_dot_;
      const Vector image = image_;
      SearchPoint next =
          moved(at_, derivative_gradient(network_, trajectory_, order, at_, w_dot_, mu), share);
      const double reached = evaluate(order, next);
      if (reached > value) {
        value = reached;
        at_ = std::move(next);
      } else {
        share /= 4;
        w_dot_ = w_dot;
        image_ = image;
      }
    }
  }

  MeasureSettings settings_;
  std::optional<std::int64_t> ids_;  // that inputs are
  Network<double> network_;
  Trajectory<double> trajectory_;
  RandomSequence random_;
  std::uint64_t place_ = 0;
  Vector radii_;
  SearchPoint at_;
  Vector w_dot_;
  Vector image_;
  Measurement found_;
};

}  // namespace

double largest_slope(Trajectory<double>& trajectory, int steps, View w_dot, View y_dot) {
  Best best(w_dot, y_dot);
  Vector direction(w_dot.begin(), w_dot.end());
  Vector image(y_dot.size());
  for (int i = 0;; ++i) {
    if (!set_norm(direction, 1)) break;
    jvp<double>(trajectory, direction, {}, image);
    best.offer(norm_of(image), direction, image);
    if (i == steps) break;
    vjp<double>(trajectory, image, direction);
  }
  return best.value();
}

double largest_curvature(Trajectory<double>& trajectory, int steps, View w_dot, View y_ddot) {
  Best best(w_dot, y_ddot);
  Vector direction(w_dot.begin(), w_dot.end());
  Vector image(y_ddot.size());
  Vector product(direction.size());
  for (int i = 0;; ++i) {
    if (!set_norm(direction, 1)) break;
    second_directional<double>(trajectory, direction, image);
    best.offer(norm_of(image), direction, image);
    if (i == steps) break;
    Vector mu = image;
    if (!set_norm(mu, 1)) break;
    hvp<double>(trajectory, mu, direction, product);
    // The shift keeps the iteration from changing between eigenvectors of opposite eigenvalues.
    linalg::scale(norm_of(product) / 2, direction);
    linalg::add_scaled(1, product, direction);
  }
  return best.value();
}

SearchPoint derivative_gradient(Network<double>& network, Trajectory<double>& trajectory, int order,
                                const SearchPoint& at, ConstView w_dot, ConstView mu) {
  constexpr double step = 1e-4;
  const auto vjp_at = [&](double shift) {
    Vector w = at.w;
    linalg::add_scaled(shift, w_dot, w);
    network.set_parameters(w);
    forward<double>(at.x, trajectory);
    SearchPoint gradient{Vector(w.size()), Vector(at.x.size())};
    vjp<double>(trajectory, mu, gradient.w, gradient.x);
    return gradient;
  };
  if (order == 0) return vjp_at(0);
  SearchPoint sum = vjp_at(step);
  const auto add = [&](double factor, const SearchPoint& other) {
    linalg::add_scaled(factor, other.w, sum.w);
    linalg::add_scaled(factor, other.x, sum.x);
  };
  if (order == 2) add(-2, vjp_at(0));
  add(order == 2 ? 1 : -1, vjp_at(-step));
  return sum;
}

Measurement measure(const Graph& graph, std::int64_t batch, const MeasureSettings& settings) {
  return Search(graph, batch, settings).run();
}

}  // namespace smoothbound
