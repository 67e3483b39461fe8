// The rules of normalizations, and of the shift behind them.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "array.hpp"
#include "interval.hpp"
#include "normalize.hpp"
#include "taylor_parts.hpp"

namespace smoothbound::kernels {
namespace {

constexpr int most_orders = most_degree + 2;       // h_0 .. h_(K+1)
constexpr int most_moments = 2 * most_degree + 1;  // v_0 .. v_2K
constexpr std::int64_t summation_length =
    pairwise_roundings + 32;  // of `pairwise_sum`, and of the mean

constexpr double binomial(int n, int k) {
  double result = 1;
  for (int i = 1; i <= k; ++i) result = result * (n - k + i) / i;
  return result;
}

// What does not depend on T: with x_u the centred coefficients, those of v = mean x(t)^2 + epsilon
// and of h = v^(-1/2).
struct GroupJet {
  std::array<double, most_degree + 1> mean{};
  std::array<double, most_moments> v{};
  std::array<double, most_orders> h{};
  std::array<double, most_orders> absolute{};  // h with every term in absolute value
};

// h_m = (1/(m v_0)) sum_i (-i/2 - (m-i)) v_i h_(m-i), for all m up to `last`.
void expand_inverse_root(GroupJet& g, int last, int moments) {
  g.h[0] = g.absolute[0] = 1 / std::sqrt(g.v[0]);
  for (int m = 1; m <= last; ++m) {
    double sum = 0;
    double absolute = 0;
    for (int i = 1; i <= std::min(m, moments - 1); ++i) {
      const double factor = i / 2.0 + (m - i);
      const double v = g.v[static_cast<std::size_t>(i)];
      sum -= factor * v * g.h[static_cast<std::size_t>(m - i)];
      absolute += factor * std::abs(v) * g.absolute[static_cast<std::size_t>(m - i)];
    }
    g.h[static_cast<std::size_t>(m)] = sum / (m * g.v[0]);
    g.absolute[static_cast<std::size_t>(m)] = absolute / (m * g.v[0]);
  }
}

// h_(K+1)(tau) for all tau in [0, T], and the least v there.
struct LastCoefficient {
  double middle = 0;
  double radius = 0;
  double least = 0;  // of v as stored, not below `floor`
};

// The Taylor coefficients of v at all tau of a piece, then the recursion in intervals.
LastCoefficient last_coefficient(const GroupJet& g, int degree, double length, double floor) {
  constexpr int pieces = 64;
  const int moments = 2 * degree + 1;
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  double least = low;
  for (int piece = 0; piece < pieces; ++piece) {
    const Interval tau{length * piece / pieces * (1 - 0x1p-50),
                       length * (piece + 1) / pieces * (1 + 0x1p-50)};
    const double middle = tau.low + (tau.high - tau.low) / 2;
    std::array<Interval, most_moments + 1> powers{};  // of tau
    std::array<Interval, most_moments + 1> centre{};  // of the middle
    powers[0] = centre[0] = {1, 1};
    for (std::size_t j = 1; j < powers.size(); ++j) {
      powers[j] = powers[j - 1] * Interval{tau.high, tau.high};
      centre[j] = centre[j - 1] * Interval{middle, middle};
    }
    std::array<Interval, most_orders> v{};
    for (int c = 0; c <= degree + 1; ++c) {
      Interval sum{};
      double radius = 0;
      for (int j = c; j < moments; ++j) {
        const auto power = static_cast<std::size_t>(j - c);
        const double moment = g.v[static_cast<std::size_t>(j)];
        sum = sum + binomial(j, c) * (Interval{moment, moment} * centre[power]);
        radius += binomial(j, c) * std::abs(moment) *
                  positive_part(powers[power].high - centre[power].low);
      }
      radius *= inflation();
      v[static_cast<std::size_t>(c)] = sum + Interval{-radius, radius};
    }
    v[0].low = larger(v[0].low, floor);
    v[0].high = larger(v[0].high, floor);
    least = smaller(least, v[0].low);
    std::array<Interval, most_orders> h{};
    const Interval over = inverse(v[0]);
    h[0] = root(over);
    for (int m = 1; m <= degree + 1; ++m) {
      Interval sum{};
      for (int i = 1; i <= m; ++i) {
        sum = sum + (-i / 2.0 - (m - i)) *
                        (v[static_cast<std::size_t>(i)] * h[static_cast<std::size_t>(m - i)]);
      }
      h[static_cast<std::size_t>(m)] = inverse(Interval{1.0 * m, 1.0 * m}) * (over * sum);
    }
    const Interval& last = h[static_cast<std::size_t>(degree) + 1];
    low = smaller(low, last.low);
    high = larger(high, last.high);
  }
  const double middle = low + (high - low) / 2;
  return {middle, larger(high - middle, middle - low) * inflation(), least};
}

class NormalizeRule final : public TaylorRule {
 public:
  NormalizeRule(const GroupPlaces& places, Centring centring, double epsilon)
      : places_(places),
        shape_{places.shape().batch, places.shape().sample.elements()},
        centring_(centring),
        epsilon_(epsilon) {}

  void coefficients(const ParameterLine& line, std::span<const Coefficients> inputs,
                    std::span<double*> p) override;
  void remainder(const RemainderPass& pass, std::span<const Enclosed> inputs, const Coefficients& p,
                 Remainder& out) override;

 private:
  // What a group gives to its samples.
  struct GroupSums {
    double least_root = 0;                // fm
    std::vector<double> rounding, local;  // squares, of each sample
  };
  using Rows = std::array<std::vector<double>, most_degree + 1>;

  // What E and A of a group come to, over s, and with what centring is off by.
  struct GroupErrors {
    double error;
    double rounded;
  };
  [[nodiscard]] GroupErrors errors_of(const Powers& t, const Enclosed& z, std::int64_t group,
                                      const std::vector<double>& carried) const;
  // Of x_u h_w: the sum at degree K + 1, the absolute one beyond it, and up to it.
  struct Products {
    double next;
    double tail;
    double absolute;
  };
  [[nodiscard]] Products products_of(const Rows& x, std::size_t i, const GroupJet& g,
                                     const LastCoefficient& last, const Powers& t) const;

  [[nodiscard]] bool is_within_sample() const { return places_.grouping().samples == 1; }
  [[nodiscard]] std::int64_t first_sample(std::int64_t group) const {
    std::int64_t place = -1;
    places_.walk(group, [&](std::int64_t at, std::int64_t) {
      if (place < 0) place = at;
    });
    return place / shape_.elements;
  }
  void gather(const Coefficients& p, const GroupJet& g, std::int64_t group, Rows& x) const;
  void group_remainder(const Powers& t, const Enclosed& z, std::int64_t group, GroupSums& sums,
                       Remainder& out) const;

  GroupPlaces places_;
  SampleShape shape_;
  Centring centring_;
  double epsilon_;
  int degree_ = 0;
  std::vector<GroupJet> jets_;
  std::vector<std::vector<double>> input_norms_;
};

void NormalizeRule::gather(const Coefficients& p, const GroupJet& g, std::int64_t group,
                           Rows& x) const {
  for (std::size_t u = 0; u <= static_cast<std::size_t>(degree_); ++u) {
    x[u].resize(static_cast<std::size_t>(places_.size()));
    places_.walk(group, [&](std::int64_t place, std::int64_t i) {
      x[u][static_cast<std::size_t>(i)] = p[u] == nullptr ? 0 : p[u][place] - g.mean[u];
    });
  }
}

void NormalizeRule::coefficients(const ParameterLine& line, std::span<const Coefficients> inputs,
                                 std::span<double*> p) {
  degree_ = line.degree;
  const Coefficients& z = inputs.front();
  const auto terms = static_cast<std::size_t>(degree_) + 1;
  const bool moves = std::any_of(z.begin() + 1, z.begin() + static_cast<std::ptrdiff_t>(terms),
                                 [](const double* values) { return values != nullptr; });
  input_norms_ = coefficient_norms(shape_, std::span(z).first(terms));
  jets_.assign(static_cast<std::size_t>(places_.groups()), {});
  const std::int64_t size = places_.size();
  const auto count = static_cast<double>(size);
  parallel_for(places_.groups(), 1 + array_grain / size, [&](std::int64_t begin, std::int64_t end) {
    Rows x;
    for (std::int64_t group = begin; group < end; ++group) {
      GroupJet& g = jets_[static_cast<std::size_t>(group)];
      gather(z, g, group, x);
      for (std::size_t u = 0; u < terms && centring_ == Centring::yes; ++u) {
        const auto term = [&](std::int64_t i) { return x[u][static_cast<std::size_t>(i)]; };
        g.mean[u] = pairwise_sum(0, size, term) / count;
      }
      gather(z, g, group, x);
      for (std::size_t a = 0; a < terms; ++a) {
        for (std::size_t b = 0; b < terms; ++b) {
          if (z[a] == nullptr || z[b] == nullptr) continue;
          const auto term = [&](std::int64_t i) {
            return x[a][static_cast<std::size_t>(i)] * x[b][static_cast<std::size_t>(i)];
          };
          g.v[a + b] += pairwise_sum(0, size, term) / count;
        }
      }
      g.v[0] += epsilon_;
      expand_inverse_root(g, degree_, 2 * degree_ + 1);
      for (std::size_t j = 0; j < terms; ++j) {
        places_.walk(group, [&](std::int64_t place, std::int64_t i) {
          double sum = 0;
          for (std::size_t u = 0; u <= j; ++u) {
            sum += x[u][static_cast<std::size_t>(i)] * g.h[j - u];
          }
          p[j][place] = sum;
        });
      }
    }
  });
  for (std::size_t j = 1; j < terms && !moves; ++j) p[j] = nullptr;
}

NormalizeRule::GroupErrors NormalizeRule::errors_of(const Powers& t, const Enclosed& z,
                                                    std::int64_t group,
                                                    const std::vector<double>& carried) const {
  const std::int64_t sample = first_sample(group);
  const double all_rho = is_within_sample()
                             ? z.rho[sample]
                             : norm_above({z.rho, static_cast<std::size_t>(shape_.samples)});
  GroupErrors errors{smaller(norm_above(carried), all_rho),
                     is_within_sample() ? z.alpha[sample] : z.alpha_batch};
  if (centring_ == Centring::no) return errors;
  double norms = 0;
  for (std::size_t u = 0; u <= static_cast<std::size_t>(degree_); ++u) {
    const std::vector<double>& all = input_norms_[u];
    const double norm =
        is_within_sample() ? all[static_cast<std::size_t>(sample)] : norm_above(all);
    norms += t[static_cast<int>(u)] * norm;
  }
  errors.rounded = (errors.rounded + 2 * gamma(summation_length + 2) * norms) * inflation();
  return errors;
}

NormalizeRule::Products NormalizeRule::products_of(const Rows& x, std::size_t i, const GroupJet& g,
                                                   const LastCoefficient& last,
                                                   const Powers& t) const {
  const auto terms = static_cast<std::size_t>(degree_) + 1;
  Products sum{x[0][i] * last.middle, 0, std::abs(x[0][i] * last.middle) * t.last()};
  for (std::size_t u = 0; u < terms; ++u) {
    const double size = std::abs(x[u][i]);
    for (std::size_t w = 0; w < terms; ++w) {
      if (u + w == terms) sum.next += x[u][i] * g.h[w];
      if (u + w > terms) {
        sum.tail += size * (std::abs(g.h[w]) + 0x1p-40 * g.absolute[w]) *
                    t[static_cast<int>(u + w - terms)];
      } else {
        sum.absolute += size * g.absolute[w] * t[static_cast<int>(u + w)];
      }
    }
  }
  return sum;
}

void NormalizeRule::group_remainder(const Powers& t, const Enclosed& z, std::int64_t group,
                                    GroupSums& sums, Remainder& out) const {
  const GroupJet& g = jets_[static_cast<std::size_t>(group)];
  const std::int64_t size = places_.size();
  const auto count = static_cast<double>(size);
  const auto terms = static_cast<std::size_t>(degree_) + 1;
  Rows x;
  gather(z.p, g, group, x);
  std::vector<std::int64_t> place(static_cast<std::size_t>(size));
  places_.walk(group,
               [&](std::int64_t at, std::int64_t i) { place[static_cast<std::size_t>(i)] = at; });
  std::vector<double> extent(place.size());  // X
  std::vector<double> motion(place.size());  // X1
  std::vector<double> carried(place.size());
  for (std::size_t i = 0; i < place.size(); ++i) {
    for (std::size_t u = 0; u < terms; ++u) {
      extent[i] += std::abs(x[u][i]) * t[static_cast<int>(u)];
      if (u > 0) motion[i] += std::abs(x[u][i]) * t[static_cast<int>(u) - 1];
    }
    extent[i] *= inflation();
    motion[i] *= inflation();
    carried[i] = z.r == nullptr ? 0 : z.r[place[i]];
  }

  // How far the stored v is from that of the exact x_u, and from 0.
  const double extent_norm = norm_above(extent);
  const double mean_square = extent_norm * extent_norm / count * inflation();
  const double off =
      (2 * gamma(summation_length + 3) * mean_square + 0x1p-50 * g.v[0]) * inflation();
  const double floor = (epsilon_ - off) * (1 - 0x1p-50);
  constexpr double none = std::numeric_limits<double>::infinity();
  if (!(off < epsilon_ / 2)) {
    sums.least_root = 0;
    for (const std::int64_t at : place) out.r[at] = none;
    return;
  }
  const LastCoefficient last = last_coefficient(g, degree_, t[1], floor);
  const double least = (last.least - off) * (1 - 0x1p-40);

  const auto [error, rounded] = errors_of(t, z, group, carried);
  const double shift = (error * t.last() + rounded) / std::sqrt(count) * inflation();
  const double deviation = positive_part(
      std::sqrt(positive_part(least - epsilon_ * (1 + 0x1p-50))) * (1 - 0x1p-40) - shift);
  const double least_root =
      std::sqrt(deviation * deviation + epsilon_ * (1 - 0x1p-50)) * (1 - 0x1p-40);
  sums.least_root = least_root;

  double mean_carried = 0;
  if (centring_ == Centring::yes) {
    const auto term = [&](std::int64_t i) { return carried[static_cast<std::size_t>(i)]; };
    mean_carried = pairwise_sum(0, size, term) / count * inflation();
  }
  // Powers of large v would overflow, and leave nothing.
  const double steep = 0.5 * (off / least) / std::sqrt(least) * inflation();
  const double products = gamma((degree_ + 1) * (degree_ + 8) + 8);
  for (std::size_t i = 0; i < place.size(); ++i) {
    const Products sum = products_of(x, i, g, last, t);
    const double local = (std::abs(sum.next) + extent[i] * last.radius +
                          t[1] * motion[i] * std::abs(last.middle) + sum.tail) *
                         inflation();
    double centred = carried[i];
    if (centring_ == Centring::yes) {
      centred = larger((1 - 2 / count) * carried[i], 0) + mean_carried;
      if (size == 1) centred = 0;
    }
    centred *= inflation();
    const double height =
        smaller((extent[i] + centred * t.last()) / least_root, std::sqrt(count)) * inflation();
    const double slope =
        smaller((centred + height * error / std::sqrt(count)) / least_root, error / least_root) *
        inflation();
    out.r[place[i]] = (local + slope) * inflation();
    const double round = (extent[i] * steep + products * sum.absolute) * inflation();
    const auto n = static_cast<std::size_t>(place[i] / shape_.elements);
    sums.rounding[n] += round * round;
    sums.local[n] += local * local;
  }
}

void NormalizeRule::remainder(const RemainderPass& pass, std::span<const Enclosed> inputs,
                              const Coefficients& /*p*/, Remainder& out) {
  const Enclosed& z = inputs.front();
  const Powers t(pass.length, degree_);
  const auto samples = static_cast<std::size_t>(shape_.samples);
  GroupSums sums{0, std::vector<double>(samples), std::vector<double>(samples)};
  std::vector<double> least(samples, std::numeric_limits<double>::infinity());
  double least_of_all = std::numeric_limits<double>::infinity();
  for (std::int64_t group = 0; group < places_.groups(); ++group) {
    group_remainder(t, z, group, sums, out);
    double& of_sample = least[static_cast<std::size_t>(first_sample(group))];
    of_sample = smaller(of_sample, sums.least_root);
    least_of_all = smaller(least_of_all, sums.least_root);
  }
  // Of the mean, which goes through the map as a change of its input does.
  std::vector<double> centring(samples);
  if (centring_ == Centring::yes) {
    centring = weighted_norms(input_norms_, t);
    for (double& part : centring) part *= 2 * gamma(summation_length + 2);
  }
  const double batch = (z.alpha_batch + norm_above(centring)) / least_of_all * inflation();
  std::vector<double> rounding(samples);
  for (std::size_t n = 0; n < samples; ++n) {
    out.alpha[n] = is_within_sample() ? (z.alpha[n] + centring[n]) / least[n] * inflation() : batch;
    rounding[n] = std::sqrt(sums.rounding[n]) * inflation(shape_.elements);
    out.rho[n] = norm_above(shape_.of(out.r, static_cast<std::int64_t>(n)));
    if (is_within_sample()) {
      const double local = std::sqrt(sums.local[n]) * inflation(shape_.elements);
      out.rho[n] = smaller(out.rho[n], (local + z.rho[n] / least[n] + underflow) * inflation());
    }
  }
  out.alpha_batch = batch;
  add_rounding(rounding, out);
}

// y = z + b with a number for each channel or each scalar of a sample.
class ShiftRule final : public TaylorRule {
 public:
  ShiftRule(const BatchShape& shape, std::int64_t features)
      : shape_{shape.batch, shape.sample.elements()},
        features_(features),
        same_(shape.sample.elements() / features) {}

  void coefficients(const ParameterLine& line, std::span<const Coefficients> inputs,
                    std::span<double*> p) override {
    line_ = line;
    const Coefficients& z = inputs.front();
    for (std::size_t j = 0; j < p.size(); ++j) {
      const double* const added = j == 0 ? line.v : (j == 1 ? line.d : nullptr);
      if (z[j] == nullptr && added == nullptr) {
        p[j] = nullptr;
        continue;
      }
      for (std::int64_t i = 0; i < shape_.count(); ++i) {
        const double number = added == nullptr ? 0 : added[i % shape_.elements / same_];
        p[j][i] = (z[j] == nullptr ? 0 : z[j][i]) + number;
      }
    }
    input_norms_ = coefficient_norms(shape_, std::span(z).first(p.size()));
  }

  void remainder(const RemainderPass& pass, std::span<const Enclosed> inputs,
                 const Coefficients& /*p*/, Remainder& out) override {
    const Enclosed& z = inputs.front();
    out.is_zero = z.r == nullptr;
    for (std::int64_t i = 0; i < shape_.count() && !out.is_zero; ++i) out.r[i] = z.r[i];
    std::copy_n(z.rho, shape_.samples, out.rho);
    scale_alpha(1, shape_.samples, z, out);
    // Of the sums, and of b + t d when it is stored.
    const Powers t(pass.length, line_.degree);
    std::vector<double> bias(static_cast<std::size_t>(features_));
    for (std::size_t i = 0; i < bias.size(); ++i) {
      bias[i] = std::abs(line_.v[i]) + (line_.d == nullptr ? 0 : t[1] * std::abs(line_.d[i]));
    }
    const double moved = std::sqrt(static_cast<double>(same_)) * norm_above(bias);
    std::vector<double> parts = weighted_norms(input_norms_, t);
    for (double& part : parts) part = (part + moved) * gamma(6) * inflation();
    add_rounding(parts, out);
  }

 private:
  SampleShape shape_;
  std::int64_t features_;
  std::int64_t same_;
  ParameterLine line_;
  std::vector<std::vector<double>> input_norms_;
};

}  // namespace

std::unique_ptr<TaylorRule> normalize_rule(const GroupPlaces& places, Centring centring,
                                           double epsilon) {
  return std::make_unique<NormalizeRule>(places, centring, epsilon);
}

std::unique_ptr<TaylorRule> shift_rule(const BatchShape& shape, std::int64_t features) {
  return std::make_unique<ShiftRule>(shape, features);
}

}  // namespace smoothbound::kernels
