// The exact real value of an objective at stored numbers, in ball arithmetic: plain loops over the
// formulas, apart from what the library computes with.
#pragma once

#include <arb.h>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "smoothbound/graph/graph.hpp"
#include "smoothbound/runtime/losses/evaluate.hpp"

namespace smoothbound::test {

/// A real number, enclosed.
class Number {
 public:
  static constexpr slong precision = 128;

  Number() { arb_init(x_); }
  Number(double x) : Number() { arb_set_d(x_, x); }  // NOLINT: doubles are exact
  Number(const Number& other) : Number() { arb_set(x_, other.x_); }
  Number(Number&& other) noexcept : Number() { arb_swap(x_, other.x_); }
  Number& operator=(const Number& other) {
    if (this != &other) arb_set(x_, other.x_);
    return *this;
  }
  Number& operator=(Number&& other) noexcept {
    arb_swap(x_, other.x_);
    return *this;
  }
  ~Number() { arb_clear(x_); }
  static Number decimal(const char* literal);
  static Number ratio(std::int64_t a, std::int64_t b) {
    return Number(static_cast<double>(a)) / Number(static_cast<double>(b));
  }

  [[nodiscard]] const arb_t& raw() const { return x_; }
  [[nodiscard]] arb_t& raw() { return x_; }
  [[nodiscard]] bool is_finite() const { return arb_is_finite(x_) != 0; }
  [[nodiscard]] double to_double() const { return arf_get_d(arb_midref(x_), ARF_RND_NEAR); }
  /// At most the absolute value of each number in the ball.
  [[nodiscard]] double least_absolute() const;
  [[nodiscard]] std::string to_text() const;

  /// += a b
  void add_product(const Number& a, const Number& b) { arb_addmul(x_, a.x_, b.x_, precision); }
  friend Number operator+(const Number& a, const Number& b) {
    Number c;
    arb_add(c.x_, a.x_, b.x_, precision);
    return c;
  }
  friend Number operator-(const Number& a, const Number& b) {
    Number c;
    arb_sub(c.x_, a.x_, b.x_, precision);
    return c;
  }
  friend Number operator*(const Number& a, const Number& b) {
    Number c;
    arb_mul(c.x_, a.x_, b.x_, precision);
    return c;
  }
  friend Number operator/(const Number& a, const Number& b) {
    Number c;
    arb_div(c.x_, a.x_, b.x_, precision);
    return c;
  }
  /// For all pairs of numbers of the balls.
  friend bool certainly_less(const Number& a, const Number& b) { return arb_lt(a.x_, b.x_) != 0; }

 private:
  arb_t x_;
};

Number absolute(const Number& a);
Number root(const Number& a);
Number exponential(const Number& a);
Number largest(const Number& a, const Number& b);
Number smallest(const Number& a, const Number& b);

using Numbers = std::vector<Number>;

/// f(x) by its row of the table; throws std::logic_error for a row that is not stated.
Number exact_activation(const Activation& f, const Number& x);

/// What is computed at some parameters: a stacked batch for each kernel that the network has, in
/// order.
struct ExactValues {
  std::vector<Numbers> kernels;
  Numbers output;
};

/// Throws std::logic_error for a component that is not stated.
ExactValues exact_values(const Graph& graph, std::int64_t batch, std::span<const double> w,
                         std::span<const double> x);

struct ExactLoss {
  std::string name;
  std::int64_t samples = 1;
  std::int64_t positions = 1;
  const Labels* labels = nullptr;
  double label_smoothing = 0;
  double regularizer = 0;
  double threshold = 1;
};

/// f of these predictions, and r(w).
Number exact_loss(const ExactLoss& loss, const Numbers& predictions, std::span<const double> w);

}  // namespace smoothbound::test
