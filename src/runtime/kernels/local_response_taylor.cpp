// The rule of local response normalization. Of D, a polynomial along the line, h = D^-beta has
//   m D_0 h_m = -sum_(i=1..m) (beta i + m - i) D_i h_(m-i)     (h' D = -beta D' h)
// at any point, and y = z h. At all points of [0, T] at once, in balls, this bounds y_(K+1) and so
// the remainder. What E and A do is bounded by the Jacobian
//   dy_c = h_c dz_c - 2 a beta z_c h_c / D_c sum_j z_j dz_j
// where z can be, its norm by the sums of its rows and columns.
#include <algorithm>
#include <cmath>
#include <limits>

#include "array.hpp"
#include "local_response.hpp"
#include "taylor_numbers.hpp"
#include "taylor_parts.hpp"

namespace smoothbound::kernels {
namespace {

// The channels of a position.
struct Column {
  Orders<double> z;
  Orders<Tracked> tracked, y;
  Orders<Ball> at, expanded;

  // On [0, T].
  std::vector<double> local;
  std::vector<double> low, high;  // of |z| on the polynomial, then with E and A
  std::vector<double> change;     // E
  std::vector<double> slope;      // h_c, at most
  std::vector<double> mixed;      // 2 a beta |z_c| h_c, at most
  std::vector<double> least;      // D_c, at least
  std::vector<double> size;       // |y_c|, at most
  std::vector<double> logarithm;  // |log D_c|, at most
};

class LocalResponseRule final : public TaylorRule {
 public:
  explicit LocalResponseRule(const LocalResponse& norm)
      : norm_(norm), shape_{norm.samples, norm.channels * norm.positions} {}

  void coefficients(const ParameterLine& line, std::span<const Coefficients> inputs,
                    std::span<double*> p) override;
  void remainder(const RemainderPass& pass, std::span<const Enclosed> inputs, const Coefficients& p,
                 Remainder& out) override;

 private:
  [[nodiscard]] std::int64_t place(std::int64_t column, std::size_t channel) const {
    const std::int64_t sample = column / norm_.positions;
    return (sample * norm_.channels + static_cast<std::int64_t>(channel)) * norm_.positions +
           column % norm_.positions;
  }
  [[nodiscard]] std::size_t channels() const { return static_cast<std::size_t>(norm_.channels); }
  [[nodiscard]] std::int64_t width() const {
    return std::min(norm_.channels, norm_.before + norm_.behind + 1);
  }
  /// body(j) of the channels of a window.
  template <class Body>
  void each_in_window(std::size_t channel, const Body& body) const {
    const auto c = static_cast<std::int64_t>(channel);
    const std::int64_t last = std::min(norm_.channels - 1, c + norm_.behind);
    for (std::int64_t j = std::max<std::int64_t>(0, c - norm_.before); j <= last; ++j) {
      body(static_cast<std::size_t>(j));
    }
  }
  void gather(const Coefficients& z, std::int64_t column, Column& c) const;
  /// y_0 .. y_last of one channel; start(D_0) gives h_0 and 1 / D_0.
  template <class Number, class Start>
  void expand(const Orders<Number>& z, std::size_t channel, int last, const Start& start,
              Orders<Number>& y) const;
  void expand_exactly(Column& c) const;
  void bound_local(const Powers& t, Column& c) const;
  void bound_motion(const Enclosed& z, std::int64_t column, const Powers& t, Column& c) const;
  [[nodiscard]] double jacobian_norm(const Column& c) const;
  /// Roundings on the way to y_m.
  [[nodiscard]] double roundings(double logarithm) const;

  LocalResponse norm_;
  SampleShape shape_;
  int degree_ = 0;
};

void LocalResponseRule::gather(const Coefficients& z, std::int64_t column, Column& c) const {
  for (std::size_t j = 0; j <= static_cast<std::size_t>(degree_); ++j) {
    c.z[j].resize(channels());
    c.tracked[j].resize(channels());
    for (std::size_t i = 0; i < channels(); ++i) {
      const double value = z[j] == nullptr ? 0 : z[j][place(column, i)];
      c.z[j][i] = value;
      c.tracked[j][i] = {value, std::abs(value)};
    }
  }
}

template <class Number, class Start>
void LocalResponseRule::expand(const Orders<Number>& z, std::size_t channel, int last,
                               const Start& start, Orders<Number>& y) const {
  const auto top = static_cast<std::size_t>(last);
  const auto degree = static_cast<std::size_t>(degree_);
  std::array<Number, most_degree + 2> d{};
  for (std::size_t i = 0; i <= top; ++i) {
    each_in_window(channel, [&](std::size_t j) {
      for (std::size_t u = 0; u <= std::min(i, degree); ++u) {
        if (i - u <= degree) d[i] = d[i] + z[u][j] * z[i - u][j];
      }
    });
    d[i] = norm_.a * d[i];
  }
  std::array<Number, most_degree + 2> h{};
  Number over{};
  start(d[0], h[0], over);
  for (std::size_t m = 1; m <= top; ++m) {
    Number sum{};
    for (std::size_t i = 1; i <= m; ++i) {
      const double factor = norm_.beta * static_cast<double>(i) + static_cast<double>(m - i);
      sum = sum - factor * (d[i] * h[m - i]);
    }
    h[m] = (sum * over) / static_cast<double>(m);
  }
  for (std::size_t j = 0; j <= top; ++j) {
    Number sum{};
    for (std::size_t u = 0; u <= std::min(j, degree); ++u) {
      sum = sum + z[u][channel] * h[j - u];
    }
    y[j][channel] = sum;
  }
}

void LocalResponseRule::expand_exactly(Column& c) const {
  for (std::vector<Tracked>& y : c.y) y.resize(channels());
  for (std::size_t i = 0; i < channels(); ++i) {
    expand(
        c.tracked, i, degree_,
        [&](Tracked squares, Tracked& h, Tracked& over) {
          const double d = norm_.k + squares.value;
          h.value = h.absolute = std::pow(d, -norm_.beta);
          over.value = over.absolute = 1 / d;
        },
        c.y);
  }
}

void LocalResponseRule::coefficients(const ParameterLine& line,
                                     std::span<const Coefficients> inputs, std::span<double*> p) {
  degree_ = line.degree;
  const Coefficients& z = inputs.front();
  const std::int64_t columns = norm_.samples * norm_.positions;
  parallel_for(columns, 1 + (array_grain >> 6) / norm_.channels,
               [&](std::int64_t begin, std::int64_t end) {
                 Column c;
                 for (std::int64_t column = begin; column < end; ++column) {
                   gather(z, column, c);
                   expand_exactly(c);
                   for (std::size_t j = 0; j < p.size(); ++j) {
                     for (std::size_t i = 0; i < channels(); ++i) {
                       p[j][place(column, i)] = c.y[j][i].value;
                     }
                   }
                 }
               });
  const bool moves = std::any_of(z.begin() + 1, z.end(), [](const double* v) { return v; });
  for (std::size_t j = 1; j < p.size() && !moves; ++j) p[j] = nullptr;
}

// D_0 has (K + 1) width + K + 6 roundings, of terms that are not negative; beta times as many go
// into h_0, with those of a logarithm. Each h_m has those of one D_i, one h_(m-i), 1 / D_0, and a
// few more. The numbers of the file are rounded once more.
double LocalResponseRule::roundings(double logarithm) const {
  const auto of_d = static_cast<double>((degree_ + 1) * width() + degree_ + 12);
  const double of_h = (1 + norm_.beta) * of_d + norm_.beta * logarithm + 12;
  return of_h + degree_ * (2 * of_d + degree_ + 12) + degree_ + 4;
}

void LocalResponseRule::bound_local(const Powers& t, Column& c) const {
  c.local.assign(channels(), 0);
  c.low.assign(channels(), std::numeric_limits<double>::infinity());
  c.high.assign(channels(), 0);
  double motion = 0;
  bool moves = false;
  for (std::size_t i = 0; i < channels(); ++i) {
    double squares = 0;
    double shift = 0;
    each_in_window(i, [&](std::size_t j) {
      double step = 0;
      for (int u = 1; u <= degree_; ++u) {
        step += std::abs(c.z[static_cast<std::size_t>(u)][j]) * t[u];
      }
      moves = moves || step != 0;
      squares += c.z[0][j] * c.z[0][j];
      shift += step * (2 * std::abs(c.z[0][j]) + step);
    });
    motion = larger(motion, norm_.a * shift / (norm_.k + norm_.a * squares));
  }
  const int pieces = Piece::count(motion);
  const double up = inflation(16 * static_cast<std::int64_t>(roundings(0)));
  for (std::vector<Ball>& y : c.expanded) y.resize(channels());
  for (int index = 0; index < pieces; ++index) {
    const Piece piece(t[1], index, pieces, degree_);
    for (std::size_t u = 0; u <= static_cast<std::size_t>(degree_); ++u) {
      c.at[u].resize(channels());
      for (std::size_t i = 0; i < channels(); ++i) {
        c.at[u][i] = piece.coefficient(u, [&](std::size_t j) { return c.z[j][i]; });
      }
    }
    for (std::size_t i = 0; i < channels(); ++i) {
      const Ball& z = c.at[0][i];
      c.low[i] = smaller(c.low[i], positive_part((std::abs(z.centre) - z.radius) * (1 - 0x1p-50)));
      c.high[i] = larger(c.high[i], (std::abs(z.centre) + z.radius) * (1 + 0x1p-50));
    }
    for (std::size_t i = 0; i < channels() && moves; ++i) {
      expand(
          c.at, i, degree_ + 1,
          [&](Ball squares, Ball& h, Ball& over) {
            const double least = positive_part(squares.centre - squares.radius * up);
            const double low = (norm_.k + least) * (1 - 0x1p-46);
            const double high = (norm_.k + squares.centre + squares.radius * up) * (1 + 0x1p-46);
            h = Ball::between(std::pow(high, -norm_.beta) * (1 - 0x1p-46),
                              std::pow(low, -norm_.beta) * (1 + 0x1p-46));
            over = Ball::between(1 / high * (1 - 0x1p-50), 1 / low * (1 + 0x1p-50));
          },
          c.expanded);
      const Ball& last = c.expanded[static_cast<std::size_t>(degree_) + 1][i];
      const double bound = (std::abs(last.centre) + last.radius) * up + underflow;
      c.local[i] = larger(c.local[i], bound);
    }
  }
}

// Where z can be with E and A, and the Jacobian there.
void LocalResponseRule::bound_motion(const Enclosed& z, std::int64_t column, const Powers& t,
                                     Column& c) const {
  const std::int64_t sample = column / norm_.positions;
  for (std::vector<double>* const values :
       {&c.change, &c.slope, &c.mixed, &c.least, &c.size, &c.logarithm}) {
    values->resize(channels());
  }
  for (std::size_t i = 0; i < channels(); ++i) {
    c.change[i] = z.r == nullptr ? 0 : smaller(z.r[place(column, i)], z.rho[sample]);
    const double reach = (c.change[i] * t.last() + z.alpha[sample]) * inflation();
    c.low[i] = positive_part((c.low[i] - reach) * (1 - 0x1p-50));
    c.high[i] = (c.high[i] + reach) * inflation();
  }
  const double up = inflation(width());
  for (std::size_t i = 0; i < channels(); ++i) {
    double least = 0;
    double most = 0;
    each_in_window(i, [&](std::size_t j) {
      least += c.low[j] * c.low[j];
      most += c.high[j] * c.high[j];
    });
    const double low = (norm_.k + norm_.a * least) / up;
    const double high = (norm_.k + norm_.a * most) * up;
    c.slope[i] = std::pow(low, -norm_.beta) * (1 + 0x1p-46) * inflation();
    c.size[i] = c.high[i] * c.slope[i] * inflation();
    c.mixed[i] = 2 * norm_.a * norm_.beta * c.size[i] * inflation();
    c.least[i] = low;
    c.logarithm[i] = larger(std::abs(std::log(low)), std::abs(std::log(high))) + 1;
  }
}

double LocalResponseRule::jacobian_norm(const Column& c) const {
  std::vector<double> columns(c.slope);
  double row = 0;
  for (std::size_t i = 0; i < channels(); ++i) {
    double sum = c.slope[i];
    each_in_window(i, [&](std::size_t j) {
      // Of large z, the quotient of the other two would underflow.
      const double entry = c.mixed[i] * (c.high[j] / c.least[i]);
      sum += entry;
      columns[j] += entry;
    });
    row = larger(row, sum);
  }
  double column = 0;
  for (const double sum : columns) column = larger(column, sum);
  return std::sqrt(row) * std::sqrt(column) * inflation(2 * width());
}

void LocalResponseRule::remainder(const RemainderPass& pass, std::span<const Enclosed> inputs,
                                  const Coefficients& /*p*/, Remainder& out) {
  const Enclosed& z = inputs.front();
  const Powers t(pass.length, degree_);
  const auto all = static_cast<std::size_t>(shape_.count());
  const std::int64_t columns = norm_.samples * norm_.positions;
  std::vector<double> local(all);
  std::vector<double> rounded(all);
  std::vector<double> norms(static_cast<std::size_t>(columns));
  parallel_for(
      columns, 1 + (array_grain >> 6) / norm_.channels, [&](std::int64_t begin, std::int64_t end) {
        Column c;
        for (std::int64_t column = begin; column < end; ++column) {
          gather(z.p, column, c);
          expand_exactly(c);
          bound_local(t, c);
          bound_motion(z, column, t, c);
          norms[static_cast<std::size_t>(column)] = jacobian_norm(c);
          for (std::size_t i = 0; i < channels(); ++i) {
            double carried = 0;
            each_in_window(i,
                           [&](std::size_t j) { carried += c.high[j] / c.least[i] * c.change[j]; });
            carried = (c.slope[i] * c.change[i] + c.mixed[i] * carried) * inflation(width());
            double terms = c.size[i];  // of k, a and beta at z itself
            for (std::size_t j = 0; j <= static_cast<std::size_t>(degree_); ++j) {
              terms += c.y[j][i].absolute * t[static_cast<int>(j)];
            }
            const double count = roundings(c.logarithm[i]);
            const auto at = static_cast<std::size_t>(place(column, i));
            local[at] = c.local[i];
            // More than that many make the bound infinite.
            rounded[at] = count < 0x1p+40 ? gamma(static_cast<std::int64_t>(count)) * terms *
                                                inflation(16 * static_cast<std::int64_t>(count))
                                          : std::numeric_limits<double>::infinity();
            out.r[at] = (c.local[i] + carried) * inflation();
          }
        }
      });
  const bool moves = std::any_of(z.p.begin() + 1, z.p.end(), [](const double* v) { return v; });
  out.is_zero = z.r == nullptr && !moves;
  std::vector<double> rounding(static_cast<std::size_t>(shape_.samples));
  double steepest = 0;
  for (std::int64_t n = 0; n < shape_.samples; ++n) {
    double slope = 0;
    for (std::int64_t i = n * norm_.positions; i < (n + 1) * norm_.positions; ++i) {
      slope = larger(slope, norms[static_cast<std::size_t>(i)]);
    }
    steepest = larger(steepest, slope);
    out.alpha[n] = slope * z.alpha[n] * inflation();
    out.rho[n] = smaller(norm_above(shape_.of(out.r, n)),
                         (norm_above(shape_.of(local.data(), n)) + slope * z.rho[n]) * inflation());
    rounding[static_cast<std::size_t>(n)] = norm_above(shape_.of(rounded.data(), n));
  }
  out.alpha_batch = steepest * z.alpha_batch * inflation();
  add_rounding(rounding, out);
}

}  // namespace

std::unique_ptr<TaylorRule> local_response_rule(const LocalResponse& norm) {
  return std::make_unique<LocalResponseRule>(norm);
}

}  // namespace smoothbound::kernels
