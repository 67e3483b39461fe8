// The rule of max pooling: linear as long as no other entry of a patch overtakes the largest one.
#include <algorithm>
#include <cmath>
#include <utility>

#include "patches.hpp"
#include "taylor_parts.hpp"

namespace smoothbound::kernels {
namespace {

class MaxPoolRule final : public TaylorRule {
 public:
  explicit MaxPoolRule(Patches patches)
      : patches_(std::move(patches)),
        root_overlap_(std::sqrt(static_cast<double>(patches_.largest_overlap())) * (1 + 0x1p-50)) {
    const std::int64_t samples = patches_.geometry().batch;
    input_ = {samples, patches_.inputs() / samples};
    output_ = {samples, patches_.outputs() / samples};
  }

  void coefficients(const ParameterLine& line, std::span<const Coefficients> inputs,
                    std::span<double*> p) override;
  void remainder(const RemainderPass& pass, std::span<const Enclosed> inputs, const Coefficients& p,
                 Remainder& out) override;

 private:
  static constexpr std::int32_t nothing = -1;  // of a patch of padding alone

  // How far entry k rises above the chosen one i, at most, over T^(K+1).
  [[nodiscard]] static double overtakes(const Enclosed& z, std::int64_t i, std::int64_t k,
                                        const Powers& t);

  Patches patches_;
  SampleShape input_;
  SampleShape output_;
  double root_overlap_;
  int degree_ = 0;
  std::vector<std::int64_t> chosen_;
};

// The largest p_0, of equal ones the largest p_1.
void MaxPoolRule::coefficients(const ParameterLine& line, std::span<const Coefficients> inputs,
                               std::span<double*> p) {
  degree_ = line.degree;
  const Coefficients& z = inputs.front();
  chosen_.assign(static_cast<std::size_t>(output_.count()), nothing);
  patches_.each_slice([&](std::int64_t slice) {
    const std::int64_t from = patches_.input_place(slice);
    std::int64_t* const to = chosen_.data() + patches_.output_place(slice);
    patches_.each_output([](std::int64_t, std::int64_t) {},
                         [&](std::int64_t o, std::int64_t i) {
                           const std::int64_t k = from + i;
                           const std::int64_t best = to[o];
                           const bool wins =
                               best < 0 || z[0][k] > z[0][best] ||
                               (z[0][k] == z[0][best] && z[1] != nullptr && z[1][k] > z[1][best]);
                           if (wins) to[o] = k;
                         });
  });
  for (std::size_t j = 0; j < p.size(); ++j) {
    if (z[j] == nullptr) {
      p[j] = nullptr;
      continue;
    }
    parallel_for(output_.count(), array_grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t o = begin; o < end; ++o) {
        const std::int64_t chosen = chosen_[static_cast<std::size_t>(o)];
        p[j][o] = chosen < 0 ? 0 : z[j][chosen];
      }
    });
  }
}

double MaxPoolRule::overtakes(const Enclosed& z, std::int64_t i, std::int64_t k, const Powers& t) {
  double rise = z.r == nullptr ? 0 : (z.r[k] + z.r[i]) * t.last();
  for (int j = 1; j <= t.degree(); ++j) {
    const double* const p = z.p[static_cast<std::size_t>(j)];
    if (p != nullptr) rise += positive_part(p[k] - p[i]) * t[j];
  }
  const double gap = (z.p[0][i] - z.p[0][k]) * (1 - 0x1p-50);
  return positive_part(rise * inflation() - gap) / t.last() * inflation();
}

void MaxPoolRule::remainder(const RemainderPass& pass, std::span<const Enclosed> inputs,
                            const Coefficients& /*p*/, Remainder& out) {
  const Enclosed& z = inputs.front();
  const Powers t(pass.length, degree_);
  std::vector<double> deviation(chosen_.size());
  patches_.each_slice([&](std::int64_t slice) {
    const std::int64_t from = patches_.input_place(slice);
    const std::int64_t to = patches_.output_place(slice);
    patches_.each_output([](std::int64_t, std::int64_t) {},
                         [&](std::int64_t o, std::int64_t i) {
                           const auto place = static_cast<std::size_t>(to + o);
                           if (from + i == chosen_[place]) return;
                           deviation[place] =
                               larger(deviation[place], overtakes(z, chosen_[place], from + i, t));
                         });
  });
  bool crosses = false;
  for (std::size_t o = 0; o < chosen_.size(); ++o) {
    crosses = crosses || deviation[o] != 0;
    const double carried = z.r == nullptr || chosen_[o] < 0 ? 0 : z.r[chosen_[o]];
    out.r[o] = (carried + deviation[o]) * inflation();
  }
  if (crosses) out.order = 1;
  out.is_zero = z.r == nullptr && !crosses;
  scale_alpha(root_overlap_, output_.samples, z, out);
  add_rounding(std::vector<double>(static_cast<std::size_t>(output_.samples)), out);
  for (std::int64_t n = 0; n < output_.samples; ++n) {
    const double by_norms =
        (root_overlap_ * z.rho[n] + norm_above(output_.of(deviation.data(), n))) * inflation();
    out.rho[n] = smaller(by_norms, norm_above(output_.of(out.r, n)));
  }
}

}  // namespace

std::unique_ptr<TaylorRule> max_pool_rule(const Patches& patches) {
  return std::make_unique<MaxPoolRule>(patches);
}

}  // namespace smoothbound::kernels
