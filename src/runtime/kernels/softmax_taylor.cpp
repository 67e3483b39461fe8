// The rule of softmax. With q_k the entries of a row, their polynomials from which a common one was
// subtracted, y = softmax(q) and lambda = log sum exp(q), y' = y (q' - lambda') and
// lambda' = sum_k y_k q'_k give the Taylor coefficients at any point:
//   m lambda_m = sum_(l=1..m) l sum_k q_(l),k y_(m-l),k
//   m y_m = sum_(l=1..m) l (q_l - lambda_l) y_(m-l)
// At all points of [0, T] at once, in intervals, they bound y_(K+1) and so the remainder. An entry
// far below the others has y near 0 there, however it moves.
#include <algorithm>
#include <cmath>

#include "softmax.hpp"
#include "taylor_numbers.hpp"
#include "taylor_parts.hpp"

namespace smoothbound::kernels {
namespace {

// y_1 .. y_last from y_0 and q_1 .. q_degree. From y_m, fewer than (3m + 1) (k + 2K + 18) roundings
// lead back to a number of the row on every path, where y_0 has k + 12.
template <class Number>
void expand(const Orders<Number>& q, int degree, int last, Orders<Number>& y) {
  const std::size_t size = y[0].size();
  std::array<Number, most_degree + 2> lambda{};
  const auto top = static_cast<std::size_t>(last);
  const auto known = static_cast<std::size_t>(degree);
  for (std::size_t m = 1; m <= top; ++m) {
    const auto order = static_cast<double>(m);
    Number sum{};
    for (std::size_t l = 1; l <= std::min(m, known); ++l) {
      Number inner{};
      for (std::size_t k = 0; k < size; ++k) inner = inner + q[l][k] * y[m - l][k];
      sum = sum + static_cast<double>(l) * inner;
    }
    lambda[m] = sum / order;
    y[m].resize(size);
    for (std::size_t k = 0; k < size; ++k) {
      Number terms{};
      for (std::size_t l = 1; l <= m; ++l) {
        const Number slope = (l <= known ? q[l][k] : Number{}) - lambda[l];
        terms = terms + static_cast<double>(l) * (slope * y[m - l][k]);
      }
      y[m][k] = terms / order;
    }
  }
}

// A row: z_0 below its largest entry, and z_1 .. z_K without their means.
struct Row {
  std::vector<std::int64_t> place;
  Orders<double> q;
  Orders<Tracked> terms;  // q_1 .. q_K
  Orders<Tracked> y;
  bool moves = false;

  // What bounds it on [0, T].
  std::vector<double> extent;   // sum_j |q_j| T^j
  std::vector<double> highest;  // of y_k
  std::vector<double> peak;     // likewise, of all that E and A leave possible
  std::vector<double> local;    // |y(P) - P'| over s
  // Of one piece.
  Orders<Ball> at;
  Orders<Ball> expanded;
  std::vector<double> low, high;  // exp(q_0)

  [[nodiscard]] std::size_t size() const { return place.size(); }
};

class SoftmaxRule final : public TaylorRule {
 public:
  SoftmaxRule(const GroupPlaces& places, std::int64_t samples)
      : places_(places), shape_{samples, places.shape().elements() / samples} {}

  void coefficients(const ParameterLine& line, std::span<const Coefficients> inputs,
                    std::span<double*> p) override;
  void remainder(const RemainderPass& pass, std::span<const Enclosed> inputs, const Coefficients& p,
                 Remainder& out) override;

 private:
  // Of all scalars.
  struct Parts {
    std::vector<double> local, rounded;
    std::vector<double> slope;  // of each row
  };

  [[nodiscard]] std::int64_t grain() const { return 1 + (array_grain >> 6) / places_.size(); }
  void gather(const Coefficients& z, std::int64_t group, Row& row) const;
  void bound_local(const Powers& t, Row& row) const;
  void bound_piece(const Piece& piece, Row& row) const;
  void bound_row(const Powers& t, const Enclosed& z, std::int64_t group, Row& row, Parts& parts,
                 double* r) const;
  static std::vector<double> effect(const Row& row, const std::vector<double>& change);

  GroupPlaces places_;
  SampleShape shape_;
  int degree_ = 0;
};

bool is_constant(const Coefficients& z) {
  return std::all_of(z.begin() + 1, z.end(), [](const double* p) { return p == nullptr; });
}

void SoftmaxRule::gather(const Coefficients& z, std::int64_t group, Row& row) const {
  const auto size = static_cast<std::size_t>(places_.size());
  const auto terms = static_cast<std::size_t>(degree_) + 1;
  row.place.resize(size);
  places_.walk(group, [&](std::int64_t place, std::int64_t i) {
    row.place[static_cast<std::size_t>(i)] = place;
  });
  double largest = z[0][row.place.front()];
  for (const std::int64_t place : row.place) largest = larger(largest, z[0][place]);
  row.q[0].resize(size);
  row.y[0].resize(size);
  double sum = 0;
  for (std::size_t k = 0; k < size; ++k) {
    row.q[0][k] = z[0][row.place[k]] - largest;
    sum += row.y[0][k].value = std::exp(row.q[0][k]);
  }
  for (Tracked& y : row.y[0]) y.absolute = y.value /= sum;
  row.moves = false;
  for (std::size_t j = 1; j < terms; ++j) {
    row.q[j].assign(size, 0);
    row.terms[j].assign(size, {});
    if (z[j] == nullptr) continue;
    double mean = 0;
    for (std::size_t k = 0; k < size; ++k) mean += row.y[0][k].value * z[j][row.place[k]];
    for (std::size_t k = 0; k < size; ++k) {
      const double q = z[j][row.place[k]] - mean;
      row.q[j][k] = q;
      row.terms[j][k] = {q, std::abs(q)};
      row.moves = row.moves || q != 0;
    }
  }
}

void SoftmaxRule::coefficients(const ParameterLine& line, std::span<const Coefficients> inputs,
                               std::span<double*> p) {
  degree_ = line.degree;
  const Coefficients& z = inputs.front();
  parallel_for(places_.groups(), grain(), [&](std::int64_t begin, std::int64_t end) {
    Row row;
    for (std::int64_t group = begin; group < end; ++group) {
      gather(z, group, row);
      expand(row.terms, degree_, degree_, row.y);
      for (std::size_t j = 0; j < p.size(); ++j) {
        for (std::size_t k = 0; k < row.size(); ++k) p[j][row.place[k]] = row.y[j][k].value;
      }
    }
  });
  for (std::size_t j = 1; j < p.size() && is_constant(z); ++j) p[j] = nullptr;
}

void SoftmaxRule::bound_piece(const Piece& piece, Row& row) const {
  const std::size_t size = row.size();
  for (std::size_t c = 0; c <= static_cast<std::size_t>(degree_); ++c) {
    row.at[c].resize(size);
    for (std::size_t k = 0; k < size; ++k) {
      row.at[c][k] = piece.coefficient(c, [&](std::size_t j) { return row.q[j][k]; });
    }
  }
  row.low.resize(size);
  row.high.resize(size);
  double top = row.at[0][0].centre + row.at[0][0].radius;
  for (const Ball& q : row.at[0]) top = larger(top, q.centre + q.radius);
  const auto up = inflation(static_cast<std::int64_t>(size));
  double sum_low = 0;
  double sum_high = 0;
  for (std::size_t k = 0; k < size; ++k) {
    const Ball& q = row.at[0][k];
    const double least = std::exp(q.centre - q.radius - top) * (1 - 0x1p-42) - 0x1p-1060;
    sum_low += row.low[k] = positive_part(least);
    sum_high += row.high[k] = std::exp(q.centre + q.radius - top) * (1 + 0x1p-42) + 0x1p-1060;
  }
  sum_high *= up;
  sum_low /= up;
  row.expanded[0].resize(size);
  for (std::size_t k = 0; k < size; ++k) {
    const double low = row.low[k];
    const double high = row.high[k];
    const double above = low + positive_part(sum_high - high * (1 - 0x1p-50));
    const double below = high + positive_part(sum_low - low * (1 + 0x1p-50));
    const double y_low = low / above * (1 - 0x1p-40);
    const double y_high = smaller(high / below * (1 + 0x1p-40), 1);
    row.expanded[0][k] = Ball::between(y_low, y_high);
    row.highest[k] = larger(row.highest[k], y_high);
  }
}

void SoftmaxRule::bound_local(const Powers& t, Row& row) const {
  const std::size_t size = row.size();
  row.local.assign(size, 0);
  row.highest.assign(size, 0);
  double motion = 0;
  row.extent.assign(size, 0);
  for (std::size_t k = 0; k < size; ++k) {
    for (int j = 1; j <= degree_; ++j) {
      row.extent[k] += std::abs(row.q[static_cast<std::size_t>(j)][k]) * t[j];
    }
    motion = larger(motion, row.extent[k]);
    row.extent[k] = (row.extent[k] + std::abs(row.q[0][k])) * inflation();
  }
  const int pieces = Piece::count(motion);
  const auto count = static_cast<std::int64_t>(size);
  const double up = inflation((3 * degree_ + 8) * (count + std::int64_t{2} * degree_ + 18));
  for (int piece = 0; piece < pieces; ++piece) {
    bound_piece(Piece(t[1], piece, pieces, degree_), row);
    if (!row.moves) return;
    expand(row.at, degree_, degree_ + 1, row.expanded);
    const std::vector<Ball>& last = row.expanded[static_cast<std::size_t>(degree_) + 1];
    for (std::size_t k = 0; k < size; ++k) {
      const double bound = (std::abs(last[k].centre) + last[k].radius) * up + underflow;
      row.local[k] = larger(row.local[k], bound);
    }
  }
}

// What a change of the entries, each by so much at most, does to y: dy_k = y_k (e_k - sum y_i e_i),
// and no more than half of the largest one.
std::vector<double> SoftmaxRule::effect(const Row& row, const std::vector<double>& change) {
  double sum = 0;
  double largest = 0;
  for (std::size_t k = 0; k < row.size(); ++k) {
    sum += row.peak[k] * change[k];
    largest = larger(largest, change[k]);
  }
  sum *= inflation(static_cast<std::int64_t>(row.size()));
  std::vector<double> result(row.size());
  for (std::size_t k = 0; k < row.size(); ++k) {
    const double y = row.peak[k];
    const double own = y >= 0.5 ? 0.25 : y * (1 - y);
    const double others = positive_part(sum - y * change[k] * (1 - 0x1p-50));
    result[k] = smaller((own * change[k] + y * others) * inflation(), largest / 2);
  }
  return result;
}

void SoftmaxRule::bound_row(const Powers& t, const Enclosed& z, std::int64_t group, Row& row,
                            Parts& parts, double* r) const {
  gather(z.p, group, row);
  expand(row.terms, degree_, degree_, row.y);
  bound_local(t, row);
  const std::size_t size = row.size();
  const std::int64_t sample = row.place.front() / shape_.elements;
  std::vector<double> change(size);
  double largest = 0;
  for (std::size_t k = 0; k < size; ++k) {
    change[k] = z.r == nullptr ? 0 : smaller(z.r[row.place[k]], z.rho[sample]);
    largest = larger(largest, change[k]);
  }
  // Quotients of entries change by a factor of e^(2 reach) at most.
  const double reach = (largest * t.last() + z.alpha[sample]) * inflation();
  const double factor = std::exp(2 * reach) * (1 + 0x1p-49);
  row.peak.resize(size);
  double slope = 0;
  for (std::size_t k = 0; k < size; ++k) {
    row.peak[k] = smaller(row.highest[k] * factor, 1);
    slope = larger(slope, row.peak[k]);
  }
  // diag(y) - y y^T is at most diag(y), and its norm at most 1/2.
  parts.slope[static_cast<std::size_t>(group)] = smaller(slope, 0.5);
  const std::vector<double> carried = effect(row, change);
  // Of the subtractions in a row, then of all that leads to the coefficients.
  for (std::size_t k = 0; k < size; ++k) change[k] = 2 * unit_roundoff * row.extent[k];
  const std::vector<double> shifted = effect(row, change);
  const std::int64_t depth = static_cast<std::int64_t>(size) + std::int64_t{2} * degree_ + 18;
  for (std::size_t k = 0; k < size; ++k) {
    double rounded = shifted[k];
    for (int m = 0; m <= degree_; ++m) {
      rounded += gamma((3 * m + 1) * depth) * row.y[static_cast<std::size_t>(m)][k].absolute * t[m];
    }
    const auto place = static_cast<std::size_t>(row.place[k]);
    parts.rounded[place] = rounded * inflation((3 * degree_ + 1) * depth);
    parts.local[place] = row.local[k];
    r[place] = (row.local[k] + carried[k]) * inflation();
  }
}

void SoftmaxRule::remainder(const RemainderPass& pass, std::span<const Enclosed> inputs,
                            const Coefficients& /*p*/, Remainder& out) {
  const Enclosed& z = inputs.front();
  const Powers t(pass.length, degree_);
  const auto all = static_cast<std::size_t>(shape_.count());
  Parts parts{std::vector<double>(all), std::vector<double>(all),
              std::vector<double>(static_cast<std::size_t>(places_.groups()))};
  parallel_for(places_.groups(), grain(), [&](std::int64_t begin, std::int64_t end) {
    Row row;
    for (std::int64_t group = begin; group < end; ++group) {
      bound_row(t, z, group, row, parts, out.r);
    }
  });
  out.is_zero = z.r == nullptr && is_constant(z.p);
  const std::int64_t rows = places_.groups() / shape_.samples;
  std::vector<double> rounding(static_cast<std::size_t>(shape_.samples));
  double steepest = 0;
  for (std::int64_t n = 0; n < shape_.samples; ++n) {
    double slope = 0;
    for (const double of_row :
         std::span(parts.slope)
             .subspan(static_cast<std::size_t>(n * rows), static_cast<std::size_t>(rows))) {
      slope = larger(slope, of_row);
    }
    steepest = larger(steepest, slope);
    out.alpha[n] = slope * z.alpha[n] * inflation();
    out.rho[n] =
        smaller(norm_above(shape_.of(out.r, n)),
                (norm_above(shape_.of(parts.local.data(), n)) + slope * z.rho[n]) * inflation());
    rounding[static_cast<std::size_t>(n)] = norm_above(shape_.of(parts.rounded.data(), n));
  }
  out.alpha_batch = steepest * z.alpha_batch * inflation();
  add_rounding(rounding, out);
}

}  // namespace

std::unique_ptr<TaylorRule> softmax_rule(const GroupPlaces& places, std::int64_t samples) {
  return std::make_unique<SoftmaxRule>(places, samples);
}

}  // namespace smoothbound::kernels
