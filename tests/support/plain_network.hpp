// A network as plain data, apart from the library's own types: what a generator makes, what is
// written as an architecture file, and what an oracle evaluates. Components that are not written
// out here stand with the settings that they need, see catalogue.hpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace smoothbound::support {

using Sizes = std::vector<std::int64_t>;

struct OtherComponent;

/// Settings of a sliding window, one number for each axis.
struct PlainWindow {
  Sizes kernel;
  Sizes stride;         // empty: 1, or for poolings the kernel
  Sizes dilation;       // empty: 1
  std::string padding;  // "", "valid", "same" or "sizes"
  Sizes pads;           // for "sizes"
  bool ceil = false;
};

/// One component. Reals are decimal literals; empty: not given.
struct PlainPart {
  std::string kind;
  std::int64_t size = 0;  // dense: units; conv: filters; group_norm: groups
  std::int64_t groups = 1;
  bool bias = true;
  PlainWindow window;
  bool count_padding = true;   // of average_pool
  std::string parameter_name;  // of an activation
  std::string parameter;
  std::string epsilon;
  std::string per;
  bool affine = false;
  bool scale = true;
  bool shift = true;
  std::string affine_radius;
  std::string lipschitz;  // of an opaque layer, as what follows
  std::string smoothness;
  std::string bound;
  std::string at_zero;
  Sizes output;
  std::size_t axis = 0;  // of softmax, and what it is called
  std::string axis_name;
  std::shared_ptr<const OtherComponent> other;  // not written out here, with settings of its own
};

/// What is not written out here: with the settings that the part has, or needs.
const OtherComponent& other_of(const PlainPart& part);

struct PlainLayer {
  static constexpr int network_input = -1;
  std::string name;
  std::vector<int> inputs;
  std::string merge;     // "add", "concat", "multiply", "matmul" or none
  std::size_t axis = 0;  // of concat, and what it is called
  std::string axis_name;
  std::string transpose;  // of matmul; empty: none
  std::string scale;      // of matmul; empty: 1
  std::string radius;     // empty: the network's
  int share = -1;         // the layer whose parameters it takes; none: its own
  std::vector<PlainPart> parts;
};

struct PlainNetwork {
  Sizes input;
  std::int64_t batch = 1;
  std::string norm = "1";
  std::string sample_norm;
  std::string radius = "1";
  std::string loss;
  std::string label_radius = "1";
  std::string regularizer = "0";
  std::string gap = "1";
  std::string accuracy = "1e-3";
  std::vector<PlainLayer> layers;  // the last one is the output
};

inline std::int64_t product_of(const Sizes& sizes) {
  std::int64_t product = 1;
  for (const std::int64_t size : sizes) product *= size;
  return product;
}

inline std::int64_t positions_of(const Sizes& shape) { return product_of(shape) / shape.front(); }

/// A window along one axis: output o reads o * stride + t * dilation - pad, 0 <= t < kernel.
struct PlainAxis {
  std::int64_t input, kernel, stride, dilation, pad, output;
  std::int64_t pad_behind = 0;  // of zeros that count

  /// How many pairs (o, t) read the input that most of them read, counted.
  [[nodiscard]] std::int64_t count_overlap() const {
    Sizes readers(static_cast<std::size_t>(input), 0);
    for (std::int64_t o = 0; o < output; ++o) {
      for (std::int64_t t = 0; t < kernel; ++t) {
        const std::int64_t p = o * stride + t * dilation - pad;
        if (p >= 0 && p < input) ++readers[static_cast<std::size_t>(p)];
      }
    }
    return *std::max_element(readers.begin(), readers.end());
  }
  /// How many inputs the output reads that reads most of them, counted.
  [[nodiscard]] std::int64_t count_patch() const {
    std::int64_t largest = 0;
    for (std::int64_t o = 0; o < output; ++o) {
      std::int64_t read = 0;
      for (std::int64_t t = 0; t < kernel; ++t) {
        const std::int64_t p = o * stride + t * dilation - pad;
        if (p >= 0 && p < input) ++read;
      }
      largest = std::max(largest, read);
    }
    return largest;
  }
};

/// The window along an axis of that size; nothing if the kernel does not fit.
std::optional<PlainAxis> plain_axis(const PlainWindow& window, bool is_pooling, std::size_t axis,
                                    std::int64_t input);

inline bool is_pooling(const PlainPart& part) {
  return part.kind == "average_pool" || part.kind == "max_pool";
}

/// The shape after a component; nothing if it does not fit.
std::optional<Sizes> shape_after(const PlainPart& part, const Sizes& shape);

/// What an axis is called in a sample with that many of them.
std::string plain_axis_name(std::size_t axis, std::size_t rank);

/// Rows, inner size and columns of a product of matrices, and the matrices of a sample; nothing if
/// they do not fit.
struct PlainProduct {
  std::int64_t stack, rows, inner, columns;
};
std::optional<PlainProduct> plain_product(const std::string& transpose, const Sizes& a,
                                          const Sizes& b);

/// The shape in which two factors of a product meet; nothing if they do not.
std::optional<Sizes> plain_broadcast(Sizes a, Sizes b);

/// The shape that a layer reads, given its inputs' shapes.
Sizes merged_shape(const PlainLayer& layer, const std::vector<Sizes>& inputs);

/// The architecture file: JSON, which is YAML too.
std::string to_text(const PlainNetwork& network);

}  // namespace smoothbound::support
