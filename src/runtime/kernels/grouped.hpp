// Kernels of parts that act on groups of scalars: softmax and normalizations.
#pragma once

#include <type_traits>
#include <vector>

#include "array.hpp"
#include "smoothbound/runtime/kernel.hpp"

namespace smoothbound::kernels {

/// Which scalars of a batch form a group: those of a number of samples, channels and positions, in
/// the order sample, channel, position. Groups tile the batch.
struct Grouping {
  std::int64_t samples = 1;
  std::int64_t channels = 1;
  std::int64_t positions = 1;
  [[nodiscard]] std::int64_t size() const { return samples * channels * positions; }
};

/// Where the scalars of groups lie in a batch.
class GroupPlaces {
 public:
  GroupPlaces(const BatchShape& shape, const Grouping& grouping)
      : shape_(shape), grouping_(grouping) {}

  [[nodiscard]] const BatchShape& shape() const { return shape_; }
  [[nodiscard]] const Grouping& grouping() const { return grouping_; }
  void set_layout(Layout layout) { shape_.layout = layout; }
  [[nodiscard]] std::int64_t size() const { return grouping_.size(); }
  [[nodiscard]] std::int64_t groups() const { return shape_.elements() / size(); }

  /// Calls body(place in the batch, place in the group).
  template <class Body>
  void walk(std::int64_t group, const Body& body) const {
    const std::int64_t across_positions = shape_.sample.positions() / grouping_.positions;
    const std::int64_t across_channels = shape_.sample.channels() / grouping_.channels;
    const std::int64_t p0 = group % across_positions * grouping_.positions;
    const std::int64_t c0 = group / across_positions % across_channels * grouping_.channels;
    const std::int64_t n0 = group / across_positions / across_channels * grouping_.samples;
    std::int64_t i = 0;
    for (std::int64_t n = n0; n < n0 + grouping_.samples; ++n) {
      for (std::int64_t c = c0; c < c0 + grouping_.channels; ++c) {
        std::int64_t place = shape_.offset(n, c, p0);
        for (std::int64_t p = 0; p < grouping_.positions; ++p) {
          body(place, i++);
          place += shape_.position_stride();
        }
      }
    }
  }

 private:
  BatchShape shape_;
  Grouping grouping_;
};

/// In which layouts a kernel finds its groups.
enum class Layouts : bool { any, plain };

/// Runs a map of one group over all groups. `Map` has static `value(x, n, parameter, y)`, which
/// returns what to keep, a `Map::Kept`, and `jvp`, `vjp`, `hvp`, `second` on contiguous groups.
template <class Scalar, class Map>
class GroupedKernel final : public Kernel<Scalar> {
 public:
  using typename Kernel<Scalar>::Inputs;
  using typename Kernel<Scalar>::Outputs;
  using Kept = typename Map::Kept;

  GroupedKernel(const BatchShape& shape, const Grouping& grouping, double parameter,
                Layouts layouts = Layouts::any)
      : places_(shape, grouping), parameter_(parameter), layouts_(layouts) {}

  Layout plan(std::span<Layout> inputs, Purpose /*purpose*/) override {
    if (layouts_ == Layouts::plain) inputs[0] = plain_layout;
    places_.set_layout(inputs[0]);
    return inputs[0];
  }
  [[nodiscard]] Needs value_needs() const override { return {.output = true}; }
  [[nodiscard]] Needs tangent_needs() const override { return {.input = true}; }
  [[nodiscard]] std::size_t state_bytes() const override {
    return static_cast<std::size_t>(groups()) * sizeof(Kept);
  }

  void forward(const Point<Scalar>& at, Scalar* y) override {
    each([&](std::int64_t group, Buffers& b) {
      gather(at.z[0], group, b.x);
      kept(at)[group] = Map::value(b.x.data(), size(), static_cast<Scalar>(parameter_), b.y.data());
      scatter(b.y, group, y);
    });
  }

  void jvp(const Point<Scalar>& at, Inputs z_dot, const Scalar* /*v_dot*/, Scalar* y_dot) override {
    each([&](std::int64_t group, Buffers& b) {
      gather(at.y, group, b.y);
      gather(z_dot[0], group, b.x);
      Map::jvp(b.y.data(), kept(at)[group], size(), b.x.data(), b.out.data());
      scatter(b.out, group, y_dot);
    });
  }

  void vjp(const Point<Scalar>& at, const Scalar* y_bar, Outputs z_bar,
           Scalar* /*v_bar*/) override {
    if (z_bar[0] == nullptr) return;
    each([&](std::int64_t group, Buffers& b) {
      gather(at.y, group, b.y);
      gather(y_bar, group, b.x);
      Map::vjp(b.y.data(), kept(at)[group], size(), b.x.data(), b.out.data());
      scatter(b.out, group, z_bar[0]);
    });
  }

  void hvp(const Point<Scalar>& at, Inputs z_dot, const Scalar* /*y_dot*/, const Scalar* /*v_dot*/,
           const Scalar* y_bar, const Scalar* y_bar_dot, Outputs z_bar_dot,
           Scalar* /*v_bar_dot*/) override {
    if (z_bar_dot[0] == nullptr) return;
    each([&](std::int64_t group, Buffers& b) {
      gather(at.y, group, b.y);
      gather(z_dot[0], group, b.x);
      gather(y_bar, group, b.a);
      gather(y_bar_dot, group, b.b);
      Map::hvp(b.y.data(), kept(at)[group], size(), b.x.data(), b.a.data(), b.b.data(),
               b.out.data());
      scatter(b.out, group, z_bar_dot[0]);
    });
  }

  void second(const Point<Scalar>& at, Inputs z_dot, Inputs z_ddot, const Scalar* /*y_dot*/,
              const Scalar* /*v_dot*/, Scalar* y_ddot) override {
    each([&](std::int64_t group, Buffers& b) {
      gather(at.y, group, b.y);
      gather(z_dot[0], group, b.x);
      gather(z_ddot[0], group, b.a);
      Map::second(b.y.data(), kept(at)[group], size(), b.x.data(), b.a.data(), b.out.data());
      scatter(b.out, group, y_ddot);
    });
  }

  std::unique_ptr<TaylorRule> taylor_rule() override {
    if constexpr (std::is_same_v<Scalar, double> && requires { Map::rule(places_, parameter_); }) {
      return Map::rule(places_, parameter_);
    }
    return nullptr;
  }
  std::optional<DerivativeBounds> derivative_bounds(const Vicinity& at) override {
    if constexpr (std::is_same_v<Scalar, double> &&
                  requires { Map::near(places_, parameter_, at); }) {
      return Map::near(places_, parameter_, at);
    }
    return std::nullopt;
  }

 private:
  struct Buffers {
    explicit Buffers(std::size_t n) : x(n), y(n), a(n), b(n), out(n) {}
    std::vector<Scalar> x, y, a, b, out;
  };

  [[nodiscard]] std::int64_t size() const { return places_.size(); }
  [[nodiscard]] std::int64_t groups() const { return places_.groups(); }
  static Kept* kept(const Point<Scalar>& at) { return reinterpret_cast<Kept*>(at.state); }

  template <class Body>
  void each(const Body& body) const {
    const std::int64_t grain = 1 + (array_grain >> 4) / size();
    parallel_for(groups(), grain, [&](std::int64_t begin, std::int64_t end) {
      // Kept from step to step: steady training allocates nothing.
      thread_local Buffers buffers(0);
      if (buffers.x.size() < static_cast<std::size_t>(size())) {
        buffers = Buffers(static_cast<std::size_t>(size()));
      }
      for (std::int64_t group = begin; group < end; ++group) body(group, buffers);
    });
  }

  void gather(const Scalar* from, std::int64_t group, std::vector<Scalar>& to) const {
    places_.walk(group, [&](std::int64_t place, std::int64_t i) {
      to[static_cast<std::size_t>(i)] = from == nullptr ? Scalar{0} : from[place];
    });
  }
  void scatter(const std::vector<Scalar>& from, std::int64_t group, Scalar* to) const {
    places_.walk(group, [&](std::int64_t place, std::int64_t i) {
      to[place] = from[static_cast<std::size_t>(i)];
    });
  }

  GroupPlaces places_;
  double parameter_;
  Layouts layouts_;
};

}  // namespace smoothbound::kernels
