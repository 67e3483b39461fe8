// A small network, and the same in long double: what its enclosures are held against.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace smoothbound::support {

using Reals = std::vector<long double>;

/// The parameters, block by block.
class Parameters {
 public:
  explicit Parameters(Reals v) : v_(std::move(v)) {}
  /// The next ones.
  std::span<const long double> take(std::size_t count) {
    at_ += count;
    return std::span(v_).subspan(at_ - count, count);
  }
  [[nodiscard]] bool is_used_up() const { return at_ == v_.size(); }

 private:
  Reals v_;
  std::size_t at_ = 0;
};

/// W x + b of the next parameters.
Reals dense(Parameters& v, const Reals& x, std::size_t units);

struct RuleProblem {
  std::string layers;  // a YAML file but for its name
  std::function<Reals(Parameters&, const Reals&)> map;
  double size_of_parameters = 0.7;
  double size_of_steps = 0.8;
  bool has_kinks = false;        // what crosses one is only bounded to first order
  bool has_zeros = false;        // the sixth part of the parameters is 0
  std::vector<double> inputs{};  // repeated; empty: drawn

  /// Enclosures of all degrees and both modes along directions, one of them a gradient, at many t:
  /// they hold, and for small T the bound of the norm of the remainder is below `factor` times it.
  void check(int samples, double factor) const;
  /// There is no enclosure where a parameter or a direction is not a finite number.
  void check_failures(int samples) const;
};

}  // namespace smoothbound::support
