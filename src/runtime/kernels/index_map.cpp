#include "index_map.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <vector>

#include "kernels.hpp"
#include "linear.hpp"

namespace smoothbound::kernels {
namespace {

// An axis with what its rule says written out: where output o reads from, and who reads input i.
struct WrittenAxis {
  WrittenAxis(const AxisRule& rule, std::int64_t in, std::int64_t out)
      : outputs(rule.output),
        inputs(rule.input),
        input_stride(in),
        output_stride(out),
        is_identity(rule.is_identity()) {
    if (is_identity) {
      end = outputs;
      is_stretch = in == 1;
      return;
    }
    source.reserve(static_cast<std::size_t>(outputs));
    begin.resize(static_cast<std::size_t>(inputs) + 1);
    for (std::int64_t o = 0; o < outputs; ++o) {
      const std::int64_t i = rule.source(o);
      source.push_back(i < 0 ? AxisRule::nothing : i * in);
      if (i >= 0) ++begin[static_cast<std::size_t>(i) + 1];
    }
    for (std::size_t i = 1; i < begin.size(); ++i) begin[i] += begin[i - 1];
    readers.resize(static_cast<std::size_t>(begin.back()));
    std::vector<std::int64_t> place(begin.begin(), begin.end() - 1);
    for (std::int64_t o = 0; o < outputs; ++o) {
      const std::int64_t i = rule.source(o);
      if (i >= 0) readers[static_cast<std::size_t>(place[static_cast<std::size_t>(i)]++)] = o * out;
    }
    // Those that copy neighbours of neighbours, as in zeros around an array.
    while (first < outputs && source[static_cast<std::size_t>(first)] < 0) ++first;
    end = first;
    while (end < outputs && source[static_cast<std::size_t>(end)] >= 0) ++end;
    for (std::int64_t o = end; o < outputs; ++o) is_stretch = is_stretch && source_of(o) < 0;
    for (std::int64_t o = first; o < end; ++o) {
      is_stretch = is_stretch && source_of(o) == source_of(first) + o - first;
    }
  }
  [[nodiscard]] std::int64_t source_of(std::int64_t o) const {
    return is_identity ? o * input_stride : source[static_cast<std::size_t>(o)];
  }

  std::int64_t outputs;
  std::int64_t inputs;
  std::int64_t input_stride;
  std::int64_t output_stride;
  bool is_identity;                   // nothing has to be written out
  std::vector<std::int64_t> source;   // place in the input that output o copies
  std::vector<std::int64_t> begin;    // those who read input i are begin[i] up to begin[i + 1] of
  std::vector<std::int64_t> readers;  // these places in the output
  // Zeros up to `first`, a stretch of the input up to `end`, zeros.
  std::int64_t first = 0;
  std::int64_t end = 0;
  bool is_stretch = true;
};

// Neighbouring axes that are copied as one array become one axis, axes of one entry none.
std::vector<IndexMap::Axis> joined(const IndexMap& map) {
  std::vector<IndexMap::Axis> axes;
  for (const IndexMap::Axis& axis : map.axes) {
    if (axis.rule.input == 1 && axis.rule.output == 1) continue;
    const bool continues = !axes.empty() && axes.back().rule.is_identity() &&
                           axis.rule.is_identity() &&
                           axes.back().stride == axis.stride * axis.rule.input;
    if (continues) {
      axes.back() = {AxisRule::identity(axes.back().rule.input * axis.rule.input), axis.stride};
    } else {
      axes.push_back(axis);
    }
  }
  if (axes.empty()) axes.push_back({AxisRule::identity(1), 1});
  return axes;
}

bool keeps_channels(const IndexMap& map, const Site& site) {
  const IndexMap::Axis& first = map.axes.front();
  return first.rule.is_identity() && first.rule.input == site.input().channels() &&
         first.rule.input == site.output.channels() && first.stride == site.input().positions();
}

// The same map, which keeps channels, of samples that have blocks of them side by side.
IndexMap in_blocks(IndexMap map, std::int64_t block) {
  if (block == 1) return map;
  for (IndexMap::Axis& axis : map.axes) axis.stride *= block;
  map.axes.front().rule = AxisRule::identity(map.axes.front().rule.input / block);
  map.axes.push_back({AxisRule::identity(block), 1});
  return map;
}

// Rows along the last axis, in parallel; other axes are counted through.
template <class Scalar>
class IndexMapKernel final : public LinearKernel<Scalar> {
 public:
  using typename Kernel<Scalar>::Inputs;
  using typename Kernel<Scalar>::Outputs;

  IndexMapKernel(const IndexMap& map, const Site& site)
      : map_(map),
        inputs_(site.input().elements()),
        outputs_(site.output.elements()),
        batch_(site.batch),
        keeps_channels_(keeps_channels(map, site)) {}

  // Where channels remain what they are, each of them by itself, blocks of them may lie side by
  // side; else the order of scalars in a sample matters.
  Layout plan(std::span<Layout> inputs, Purpose /*purpose*/) override {
    if (!keeps_channels_) inputs.front() = plain_layout;
    joined_ = joined(in_blocks(map_, inputs.front().channel_block));
    return inputs.front();
  }
  [[nodiscard]] bool works_in_place() const override { return is_identity(); }

 protected:
  [[nodiscard]] std::optional<LinearSite> linear_site() const override {
    return LinearSite{{{batch_, inputs_}}, {batch_, outputs_}};
  }
  void apply(const Point<Scalar>& /*at*/, Inputs z, Scalar* y) override {
    if (z[0] == nullptr) return fill(y, batch_ * outputs_, Scalar{0});
    if (is_identity()) return copy(z[0], batch_ * inputs_, y);
    write_out();
    const WrittenAxis& row = axes_.back();
    each_row(&WrittenAxis::outputs, [&](std::int64_t sample, const Counters& at) {
      Scalar* const out = y + sample * outputs_ + output_place(at);
      std::int64_t place = sample * inputs_;
      for (std::size_t k = 0; k + 1 < axes_.size(); ++k) {
        const std::int64_t source = axes_[k].source_of(at[k]);
        if (source < 0) return std::fill_n(out, row.outputs, Scalar{0}), void();
        place += source;
      }
      copy_row(row, z[0] + place, out);
    });
  }

  void apply_transposed(const Point<Scalar>& /*at*/, const Scalar* y_bar, Outputs z_bar) override {
    if (z_bar[0] == nullptr) return;
    if (y_bar == nullptr) return fill(z_bar[0], batch_ * inputs_, Scalar{0});
    if (is_identity()) return copy(y_bar, batch_ * inputs_, z_bar[0]);
    write_out();
    const WrittenAxis& row = axes_.back();
    each_row(&WrittenAxis::inputs, [&](std::int64_t sample, const Counters& at) {
      Scalar* out = z_bar[0] + sample * inputs_;
      for (std::size_t k = 0; k + 1 < axes_.size(); ++k) out += at[k] * axes_[k].input_stride;
      for (std::int64_t i = 0; i < row.inputs; ++i) out[i * row.input_stride] = 0;
      add_rows(0, at, y_bar + sample * outputs_, out);
    });
  }

 private:
  [[nodiscard]] bool is_identity() const {
    return joined_.size() == 1 && joined_.front().rule.is_identity();
  }
  // At the first use: a network may be planned only, to tell that it is too large.
  void write_out() {
    std::call_once(written_, [this] {
      std::int64_t stride = outputs_;
      axes_.reserve(joined_.size());
      for (const IndexMap::Axis& axis : joined_) {
        stride /= axis.rule.output;
        axes_.emplace_back(axis.rule, axis.stride, stride);
      }
    });
  }

  // A place along each axis but the last one.
  static constexpr std::size_t most_axes = std::size_t{2} * Shape::largest_rank + 1;
  using Counters = std::array<std::int64_t, most_axes>;

  // body(sample, counters) for all rows along `size` of the axes before the last one.
  template <class Body>
  void each_row(std::int64_t WrittenAxis::*size, const Body& body) const {
    std::int64_t rows = batch_;
    for (std::size_t k = 0; k + 1 < axes_.size(); ++k) rows *= axes_[k].*size;
    const std::int64_t grain = 1 + array_grain / (axes_.back().outputs + axes_.back().inputs);
    parallel_for(rows, grain, [&](std::int64_t begin, std::int64_t end) {
      Counters at{};
      std::int64_t sample = begin;
      for (std::size_t k = axes_.size() - 1; k-- > 0;) {
        at[k] = sample % (axes_[k].*size);
        sample /= axes_[k].*size;
      }
      for (std::int64_t r = begin; r < end; ++r) {
        body(sample, at);
        std::size_t k = axes_.size() - 1;
        while (k > 0 && ++at[k - 1] == axes_[k - 1].*size) at[--k] = 0;
        if (k == 0) ++sample;
      }
    });
  }

  [[nodiscard]] std::int64_t output_place(const Counters& at) const {
    std::int64_t place = 0;
    for (std::size_t k = 0; k + 1 < axes_.size(); ++k) place += at[k] * axes_[k].output_stride;
    return place;
  }

  static void copy_row(const WrittenAxis& row, const Scalar* in, Scalar* out) {
    if (row.is_stretch) {
      std::fill_n(out, row.first, Scalar{0});
      if (row.first < row.end) {
        std::copy_n(in + row.source_of(row.first), row.end - row.first, out + row.first);
      }
      std::fill_n(out + row.end, row.outputs - row.end, Scalar{0});
      return;
    }
    if (row.is_identity) {
      for (std::int64_t o = 0; o < row.outputs; ++o) out[o] = in[o * row.input_stride];
      return;
    }
    const std::int64_t* const source = row.source.data();
    for (std::int64_t o = 0; o < row.outputs; ++o) {
      out[o] = source[o] < 0 ? Scalar{0} : in[source[o]];
    }
  }

  // Adds up all rows of the output that copy the row of the input at `at`.
  void add_rows(std::size_t axis, const Counters& at, const Scalar* in, Scalar* out) const {
    if (axis + 1 == axes_.size()) {
      const WrittenAxis& row = axes_.back();
      if (row.is_identity) {
        for (std::int64_t o = 0; o < row.outputs; ++o) out[o * row.input_stride] += in[o];
        return;
      }
      const std::int64_t* const source = row.source.data();
      for (std::int64_t o = 0; o < row.outputs; ++o) {
        if (source[o] >= 0) out[source[o]] += in[o];
      }
      return;
    }
    const WrittenAxis& along = axes_[axis];
    if (along.is_identity) {
      add_rows(axis + 1, at, in + at[axis] * along.output_stride, out);
      return;
    }
    const auto i = static_cast<std::size_t>(at[axis]);
    for (std::int64_t r = along.begin[i]; r < along.begin[i + 1]; ++r) {
      add_rows(axis + 1, at, in + along.readers[static_cast<std::size_t>(r)], out);
    }
  }

  IndexMap map_;
  std::int64_t inputs_;
  std::int64_t outputs_;
  std::int64_t batch_;
  bool keeps_channels_;
  std::vector<IndexMap::Axis> joined_;
  std::once_flag written_;
  std::vector<WrittenAxis> axes_;
};

}  // namespace

template <class Scalar>
std::unique_ptr<Kernel<Scalar>> index_map_kernel(const IndexMap& map, const Site& site) {
  return std::make_unique<IndexMapKernel<Scalar>>(map, site);
}
template std::unique_ptr<Kernel<float>> index_map_kernel(const IndexMap& map, const Site& site);
template std::unique_ptr<Kernel<double>> index_map_kernel(const IndexMap& map, const Site& site);

template <class Scalar>
Kernels<Scalar> kernels_of(const Rearrangement& rearrangement, const Site& site) {
  return one_kernel(index_map_kernel<Scalar>(rearrangement.index_map(site), site));
}
template Kernels<float> kernels_of(const Rearrangement& rearrangement, const Site& site);
template Kernels<double> kernels_of(const Rearrangement& rearrangement, const Site& site);

}  // namespace smoothbound::kernels
