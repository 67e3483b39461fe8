#include "smoothbound/rules/unsaturated.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "smoothbound/rules/compose.hpp"

namespace smoothbound::rules {
namespace {

// Beyond this many blocks gamma is that of so many: it decreases in n, and any larger one is right.
constexpr std::size_t most_exact = 32;

template <Rounding d>
Bound<d> to_the_power(Bound<d> base, std::size_t exponent) {
  Bound<d> result = Bound<d>::from_count(1);
  for (; exponent > 0; exponent /= 2) {
    if (exponent % 2 != 0) result *= base;
    base *= base;
  }
  return result;
}

// Of n - 1 and n, as a quotient.
Magnitude ratio(std::size_t above, std::size_t below) {
  return Magnitude::from_count(static_cast<std::int64_t>(above)) /
         LowerBound::from_count(static_cast<std::int64_t>(below));
}

// e_n = (n/(n-1))^(n-1)
Magnitude e_of(std::size_t n) {
  return n == 1 ? Magnitude::from_count(1) : to_the_power(ratio(n, n - 1), n - 1);
}

// gamma_n^2, gamma_n = r + sqrt(r^2 + 1), r^2 = ((n-1)/n)^(n-2)
Magnitude squared_gamma_of(std::size_t n) {
  const Magnitude one = Magnitude::from_count(1);
  const Magnitude r_squared = n <= 2 ? one : to_the_power(ratio(n - 1, n), n - 2);
  const Magnitude gamma = square_root(r_squared) + square_root(r_squared + one);
  return gamma * gamma;
}

// `of` each n up to `most_exact`.
std::array<Magnitude, most_exact + 1> tabulated(Magnitude (*of)(std::size_t n)) {
  std::array<Magnitude, most_exact + 1> all{};
  for (std::size_t n = 1; n <= most_exact; ++n) all[n] = of(n);
  return all;
}

const Magnitude& squared_gamma(std::size_t n) {
  static const std::array<Magnitude, most_exact + 1> table = tabulated(squared_gamma_of);
  return table[std::min(n, most_exact)];
}

Magnitude e_for(std::size_t n) {
  static const std::array<Magnitude, most_exact + 1> table = tabulated(e_of);
  return n <= most_exact ? table[n] : e_of(n);
}

// The different positive radii in their order; of more than there is time for some, the smallest
// one among them.
std::vector<Magnitude> radii_of(std::span<const BlockBound> blocks) {
  std::vector<Magnitude> all;
  for (const BlockBound& block : blocks) {
    if (!block.radius.is_zero()) all.push_back(block.radius);
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  constexpr std::size_t most_pairs = 1024;  // of a radius and a block
  const std::size_t most =
      blocks.empty() ? 1 : std::max<std::size_t>(most_pairs / blocks.size(), 4);
  if (all.size() <= most) return all;
  std::vector<Magnitude> some;
  for (std::size_t i = 0; i < most; ++i) some.push_back(all[i * all.size() / most]);
  return some;
}

}  // namespace

Magnitude squared_gradient(std::span<const BlockBound> blocks, std::size_t level,
                           const Magnitude& m, const Magnitude& s) {
  struct Squares {
    Magnitude l;
    Magnitude radial;  // of (s + o_k)/R_k
  };
  Magnitude all;
  for (const BlockBound& block : blocks) all += block.l[level] * block.l[level];
  Magnitude best = all;
  std::vector<Squares> inside;  // those that K may have
  for (const Magnitude& radius : radii_of(blocks)) {
    inside.clear();
    Magnitude outside;
    for (const BlockBound& block : blocks) {
      const Magnitude l = block.l[level] * block.l[level];
      if (block.radius < radius) {
        outside += l;
      } else {
        const Magnitude radial = (s + block.o[level]) / block.radius.turned();
        inside.push_back({l, radial * radial});
      }
    }
    const Magnitude of_norm = m / radius.turned();
    const Magnitude of_norm_squared = of_norm * of_norm;
    // K = the blocks from `first` on; sums behind it for the last gamma, which all long ones have.
    std::vector<Magnitude> long_sums(inside.size() + 1);
    for (std::size_t k = inside.size(); k-- > 0 && inside.size() > most_exact;) {
      long_sums[k] =
          long_sums[k + 1] + std::min(inside[k].l, squared_gamma(most_exact) * inside[k].radial);
    }
    for (std::size_t first = 0; first < inside.size(); ++first) {
      const std::size_t n = inside.size() - first;
      const Magnitude& gamma = squared_gamma(n);
      Magnitude sum = outside + e_for(n) * of_norm_squared;
      if (n > most_exact) {
        sum += long_sums[first];
      } else if (sum < best) {
        for (std::size_t k = first; k < inside.size(); ++k) {
          sum += std::min(inside[k].l, gamma * inside[k].radial);
        }
      }
      best = std::min(best, sum);
      outside += inside[first].l;
    }
  }
  return best;
}

std::size_t finest_level(const LevelSet& kept, std::size_t inner) {
  for (const std::size_t level : {per_token, per_position, per_sample}) {
    if (kept.has(level) && is_finer(inner, level)) return level;
  }
  return euclidean;
}

void Composition::lower_unsaturated(std::size_t level, const MapAtLevel& a, const MapGrowth& growth,
                                    const Magnitude& slope, const Extents& extents, const Value& z,
                                    Value& image) const {
  const Magnitude n = extents.outside(level);
  const Unsaturated& known = growth.unsaturated;
  const auto E = [&](const Magnitude& s_squared) {
    return s_squared.is_infinite()
               ? Magnitude::infinity()
               : squared_gradient(z.blocks(), level, z.m[level], square_root(s_squared));
  };
  const auto lower = [&](Magnitude& number, const Magnitude& bound) {
    number = std::min(number, bound);
  };
  const Magnitude second = z.smoothness(level);
  const Magnitude s_squared = std::min(known.second * square_root(n), known.by_norm * z.m[level]);
  lower(image.T[level], slope * second + a.smoothness * E(s_squared));
  if (refine_.joint) {
    lower(image.T[level],
          hypotenuse(a.lipschitz * second, growth.joint * E(known.joint * square_root(n))));
  }
  lower(image.S[level], a.lipschitz * square_root(E(known.first * n)));
}

}  // namespace smoothbound::rules
