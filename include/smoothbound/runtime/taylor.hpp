// What encloses a component's output along a line of parameters w + t d, t in [0, T]: exact Taylor
// coefficients and a bound of all that they leave out. Section 8 of docs/theory.md.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

namespace smoothbound {

/// The highest degree K of the coefficients.
constexpr int most_degree = 3;

/// How affine maps carry remainders on: by the norm of their rows, which is element-wise work, or
/// by a product with the absolute values of their weights, which is tighter.
enum class EnclosureMode : std::uint8_t { norm, interval };

/// p_0 .. p_K of a value on the whole batch, in plain layout; null stands for zero.
using Coefficients = std::array<const double*, most_degree + 1>;

/// A value z(t) = sum_j p_j t^j + c t^(K+1) + E(t) + A(t), with |E(t)| <= r s(t) scalar by scalar,
/// ||E(t)|| <= rho s(t) and ||A(t)|| <= alpha sample by sample, and ||A(t)|| <= alpha_batch for all
/// samples together, where s(t) = T^(K+1) (t/T)^n.
struct Enclosed {
  Coefficients p{};
  const double* centre = nullptr;  // c, which may depend on T; null: zero
  const double* r = nullptr;       // of all scalars; null: E is zero
  const double* rho = nullptr;     // of all samples
  const double* alpha = nullptr;   // of all samples
  double alpha_batch = 0;
};

/// The same, to be written: `p` is given, `centre` and `r` have a place for each scalar.
struct Remainder {
  double* centre = nullptr;
  bool has_centre = false;  // `centre` was written
  double* r = nullptr;
  double* rho = nullptr;
  double* alpha = nullptr;
  double alpha_batch = 0;
  bool is_zero = false;         // E is: `r` was not written
  int order = most_degree + 1;  // the largest n with which it holds
};

/// A line of parameters in the place where a kernel reads them; `d` null: they stand still.
struct ParameterLine {
  int degree = most_degree;  // K
  const double* v = nullptr;
  const double* d = nullptr;
  double* scratch = nullptr;  // of the kernel's size
  bool is_same = false;       // v and d are those of the last call: norms are what they were
};

/// What a pass asks for.
struct RemainderPass {
  double length = 0;  // T
  EnclosureMode mode = EnclosureMode::interval;
  double* scratch = nullptr;     // of the kernel's size
  double* parameters = nullptr;  // working memory for as many as the kernel has
};

/// The rule of a kernel. It keeps what does not depend on T from `coefficients` on, for any number
/// of passes. Inputs of `remainder` are finite; its outputs may be infinite or NaN, which fails the
/// pass.
class TaylorRule {
 public:
  TaylorRule() = default;
  TaylorRule(const TaylorRule&) = delete;
  TaylorRule& operator=(const TaylorRule&) = delete;
  virtual ~TaylorRule() = default;

  /// p_0 .. p_K of the output, all of them written; those set to null are zero.
  virtual void coefficients(const ParameterLine& line, std::span<const Coefficients> inputs,
                            std::span<double*> p) = 0;
  /// r, rho, alpha and alpha_batch of the output, whose coefficients are `p`.
  virtual void remainder(const RemainderPass& pass, std::span<const Enclosed> inputs,
                         const Coefficients& p, Remainder& out) = 0;
  /// Whether `remainder` takes inputs with a centre. If not, it sees r + |c| in place of r.
  [[nodiscard]] virtual bool reads_centres(EnclosureMode /*mode*/) const { return false; }
  /// rd_j >= |E_j - E_y| / s of the outputs of each sample, y its label, where that is known better
  /// than r_j + r_y; false: it is not. `out` is what `remainder` gave.
  virtual bool difference_remainder(const RemainderPass& /*pass*/,
                                    std::span<const Enclosed> /*inputs*/, const Remainder& /*out*/,
                                    std::span<const std::int64_t> /*labels*/, double* /*rd*/) {
    return false;
  }
};

}  // namespace smoothbound
