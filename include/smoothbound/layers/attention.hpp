// Multi-head self-attention, from the parts that it consists of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "smoothbound/layers/layer.hpp"
#include "smoothbound/layers/piece.hpp"

namespace smoothbound {

/// o = W_o (v softmax(k^T q / sqrt d)) + b_o of tokens z = [features, tokens], with q, k and v
/// = W z + b each, in `heads` blocks of d channels; Vaswani et al. (2017), section 3.2.
struct Attention {
  std::int64_t heads = 1;
  bool causal = false;
  bool bias = true;

  static std::vector<Attention> prototypes() { return {Attention{}}; }
  [[nodiscard]] std::string_view name() const { return "attention"; }
  [[nodiscard]] std::string_view formula() const {
    return "W_o (v softmax(S)) + b_o, S = k^T q / sqrt d, q, k, v = W z + b for each position, in "
           "heads of d channels; causal: 1e4 less in S for the keys behind a query";
  }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] static std::span<const Piece> pieces();
  /// What a piece consists of, on inputs of these shapes. Throws ShapeError if they do not fit.
  [[nodiscard]] std::vector<Component> components(std::size_t piece,
                                                  std::span<const Shape> shapes) const;
};

}  // namespace smoothbound
