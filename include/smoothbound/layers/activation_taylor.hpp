// What a row of the table of activations knows of its higher derivatives: Taylor coefficients and
// bounds of derivatives on intervals, for enclosures along a line of parameters.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace smoothbound {

/// Derivatives up to the fifth are known.
constexpr int most_activation_derivative = 5;

/// f_m(x) = f^(m)(x)/m! for m = 0 .. 4, as computed. The exact one is within 48 u absolute[m] of
/// it, u = 2^-53, and |f_m(x)| as computed is at most absolute[m].
struct TaylorCoefficients {
  std::array<double, most_activation_derivative> value{};
  std::array<double, most_activation_derivative> absolute{};
};

/// f_0 .. f_3 of many points, an array each.
using CoefficientArrays = std::array<double*, 4>;

/// A function that is smooth on all of R, or on the interval where it is used.
struct SmoothBranch {
  TaylorCoefficients (*expand)(double x, double parameter);
  /// At least sup |f^(m)| on [low, high], m = 1 .. 5; may be inf. low <= high are finite.
  double (*envelope)(int m, double low, double high, double parameter);
  /// The same coefficients as `expand`, within the same errors, at the parameter of its branches;
  /// null: there is no faster way than one by one.
  void (*expand_array)(const double* x, std::int64_t count, const CoefficientArrays& f) = nullptr;
};

/// Branches from the left to the right, and where each ends and the next one begins: f is
/// continuous there. A smooth activation has one branch. What a branch is beyond its ends is a
/// smooth continuation of it, as far as there is one. Where the kink of f is not a double, the next
/// one stands for it, and absolute[0] of both sides counts what f is off by that, anywhere.
struct Branches {
  std::array<SmoothBranch, 3> branch{};
  std::array<double, 2> kink{};
  /// At least sup |g' - h'| on [low, high] for the branches g and h on the two sides of a kink,
  /// where `low` or `high` is the kink.
  double (*slope_change)(int kink, double low, double high, double parameter) = nullptr;
  int kinks = 0;
  /// Set for y = x above 0 and this multiple of x below: max(x, 0) at 0.
  std::optional<double> slope_below{};
};

/// f(beta x) / beta, where f has these branches at a parameter, and beta is the scale.
class ScaledBranches {
 public:
  ScaledBranches(const Branches& of_f, double parameter, double scale);

  /// How many kinks there are, where, and `slope_below`. Its functions are those of f.
  [[nodiscard]] const Branches& layout() const { return branches_; }
  /// The branch of x: at a kink, the one on the left.
  [[nodiscard]] int branch_of(double x) const {
    int branch = 0;
    while (branch < branches_.kinks && x > branches_.kink[static_cast<std::size_t>(branch)]) {
      ++branch;
    }
    return branch;
  }
  [[nodiscard]] TaylorCoefficients expand(int branch, double x) const;
  /// f_0 .. f_3 of points on one branch.
  void expand_array(int branch, const double* x, std::int64_t count,
                    const CoefficientArrays& f) const;
  /// At least sup |g^(m)| on [low, high] for the branch g, m = 1 .. 5.
  [[nodiscard]] double envelope(int branch, int m, double low, double high) const;
  [[nodiscard]] double slope_change(int kink, double low, double high) const;

 private:
  Branches branches_;
  double parameter_;
  double scale_;
};

}  // namespace smoothbound
