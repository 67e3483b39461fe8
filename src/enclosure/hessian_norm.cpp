#include "smoothbound/enclosure/hessian_norm.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <stdexcept>
#include <vector>

#include "smoothbound/data/random.hpp"
#include "smoothbound/runtime/linear_algebra.hpp"
#include "smoothbound/runtime/machine.hpp"
#include "smoothbound/runtime/norm.hpp"
#include "smoothbound/runtime/operator_norm.hpp"

namespace smoothbound {
namespace {

using Numbers = std::span<const double>;

// Vectors of a basis: Lanczos finds the largest eigenvalues within few of them.
constexpr std::int64_t most_vectors = 48;

// What a sum of so many products is off by, relative to the norms of its factors.
Magnitude roundoff(std::int64_t terms) { return scale(Magnitude::from_count(terms + 16), -52); }

// Q with rows that are nearly orthonormal, and H Q as computed.
struct Basis {
  linalg::DenseMatrix vectors;
  linalg::DenseMatrix images;
  Magnitude error;  // of the images, ||computed - exact||
};

// By Lanczos from `start`, orthogonalized against all vectors, twice.
Basis find_basis(HessianProduct& hessian, std::vector<double> start) {
  const auto size = static_cast<std::int64_t>(start.size());
  const std::int64_t wanted = std::min(most_vectors, size);
  Basis basis{{wanted, size}, {wanted, size}, {}};
  std::int64_t count = 0;
  double largest = 0;
  while (count < wanted) {
    const double norm = euclidean_norm(Numbers(start));
    largest = std::max(largest, norm);
    // Nothing new, up to rounding: the space is invariant.
    if (!(norm > 1e-10 * largest) || !std::isfinite(norm)) break;
    linalg::scale(1 / norm, start);
    std::ranges::copy(start, basis.vectors.row(count).begin());
    basis.error =
        hypotenuse(basis.error, hessian(basis.vectors.row(count), basis.images.row(count)));
    std::ranges::copy(basis.images.row(count), start.begin());
    ++count;
    for (int pass = 0; pass < 2; ++pass) {
      const linalg::ConstMatrixView known =
          linalg::ConstMatrixView(basis.vectors).middle_rows(0, count);
      const std::vector<double> parts = linalg::product(known, start);
      linalg::add_product(-1, linalg::transposed(known), parts, start);
    }
  }
  basis.vectors.rows = basis.images.rows = count;
  basis.vectors.entries.resize(static_cast<std::size_t>(count * size));
  basis.images.entries.resize(static_cast<std::size_t>(count * size));
  return basis;
}

// The Frobenius norm of H. Each thread has a product of its own. By symmetry, a column needs no
// rows of blocks that begin before its own: those of later blocks count twice.
class Columns {
 public:
  Columns(const HessianProduct& first, const ColumnProgress& progress)
      : first_(first), count_(first.size()), progress_(progress) {
    const auto& nodes = first.network().nodes();
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const bool is_new = std::none_of(blocks_.begin(), blocks_.end(), [&](const Block& block) {
        return block.offset == nodes[i].offset;
      });
      if (nodes[i].parameters > 0 && is_new) {
        blocks_.push_back({i, nodes[i].offset, nodes[i].parameters});
      }
    }
  }

  Magnitude norm() {
    Magnitude sum;
    std::exception_ptr failure;
#pragma omp parallel
    {
      Magnitude part;
      std::exception_ptr of_thread;
      try {
        part = squares_of_thread();
      } catch (...) {
        of_thread = std::current_exception();
      }
#pragma omp critical(smoothbound_columns)
      {
        sum += part;
        if (of_thread) failure = of_thread;
      }
    }
    if (failure) std::rethrow_exception(failure);
    return square_root(sum);
  }

 private:
  Magnitude squares_of_thread() {
    HessianProduct hessian(first_);
    std::vector<double> unit(static_cast<std::size_t>(count_));
    std::vector<double> column(unit.size());
    Magnitude sum;
    std::int64_t done = 0;
    for (std::int64_t i = next(done); i < count_; i = next(done)) {
      const auto own = std::find_if(blocks_.begin(), blocks_.end(), [&](const Block& block) {
        return i >= block.offset && i < block.offset + block.count;
      });
      if (own == blocks_.end()) throw std::logic_error("a parameter that no kernel reads");
      unit[static_cast<std::size_t>(i)] = 1;
      const Magnitude error = hessian(unit, column, own->first_node);
      unit[static_cast<std::size_t>(i)] = 0;
      sum += square_of(column, own, error);
      done = 1;
    }
    return sum;
  }
  // Of a block's numbers, and those of later blocks, twice.
  struct Block {
    std::size_t first_node = 0;
    std::int64_t offset = 0;
    std::int64_t count = 0;
  };
  [[nodiscard]] Magnitude square_of(Numbers column, std::vector<Block>::const_iterator own,
                                    const Magnitude& error) const {
    Magnitude square;
    for (auto block = own; block != blocks_.end(); ++block) {
      const Magnitude norm = norm_bound(column.subspan(static_cast<std::size_t>(block->offset),
                                                       static_cast<std::size_t>(block->count)));
      square += scale(norm * norm, block == own ? 0 : 1);
    }
    const Magnitude norm = square_root(square) + square_root(Magnitude::from_count(2)) * error;
    return norm * norm;
  }
  // The next column for a thread that has done so many since it asked.
  std::int64_t next(std::int64_t done) {
    std::int64_t taken = 0;
#pragma omp critical(smoothbound_next_column)
    {
      done_ += done;
      if (progress_ && done > 0) progress_(done_, count_);
      taken = next_++;
    }
    return taken;
  }

  const HessianProduct& first_;
  std::vector<Block> blocks_;  // in the order of their first nodes
  std::int64_t count_;
  const ColumnProgress& progress_;
  std::int64_t next_ = 0;
  std::int64_t done_ = 0;
};

// By powers: a lower bound of the largest absolute eigenvalue of a symmetric matrix.
double largest_found(const linalg::DenseMatrix& matrix) {
  constexpr int steps = 200;
  std::vector<double> v(static_cast<std::size_t>(matrix.rows), 1.0);
  double largest = 0;
  for (int step = 0; step < steps; ++step) {
    const double norm = euclidean_norm(Numbers(v));
    if (!(norm > 0) || !std::isfinite(norm)) break;
    linalg::scale(1 / norm, v);
    v = linalg::product(matrix, v);
    largest = std::max(largest, euclidean_norm(Numbers(v)));
  }
  return largest;
}

// What is known of H by its basis: blocks of H in the space of Q and its complement.
struct Blocks {
  Magnitude within;      // ||P H P||
  LowerBound frobenius;  // of P H P
  Magnitude across;      // ||(I - P) H P||
  double found = 0;
};

Blocks blocks_of(const Basis& basis, const Magnitude& norm) {
  const std::int64_t count = basis.vectors.rows;
  const std::int64_t size = basis.vectors.columns;
  const linalg::ConstMatrixView q = basis.vectors;
  const linalg::ConstMatrixView images = basis.images;
  const Magnitude of_q = norm_bound(basis.vectors.entries);
  const Magnitude of_images = norm_bound(basis.images.entries);
  // ||Q Q^T - I||, the distance of Q to an orthonormal basis of its space.
  linalg::DenseMatrix gram = linalg::product(q, linalg::transposed(q));
  linalg::add_to_diagonal(-1, gram);
  const Magnitude skew = norm_bound(gram.entries) + roundoff(size) * of_q * of_q;
  const Magnitude one = Magnitude::from_count(1);
  Blocks blocks;
  if (!(skew < scale(one, -2)) || of_images.is_infinite()) {
    blocks.within = blocks.across = norm;
    return blocks;
  }
  const linalg::DenseMatrix inner = linalg::product(q, linalg::transposed(images));
  linalg::DenseMatrix rest = basis.images;
  linalg::add_product(-1, linalg::transposed(inner), q, rest);
  const Magnitude of_inner = norm_bound(inner.entries);
  // Of the images, and of `inner` and `rest` as computed.
  const Magnitude inner_off = roundoff(size) * of_q * of_images + basis.error * (one + skew) +
                              norm * skew * (Magnitude::from_count(2) + skew);
  const Magnitude rest_off =
      roundoff(count + size) * (of_images + of_q * of_inner) + basis.error + norm * skew;
  blocks.within = operator_norm_bound(inner.entries, count, count) + inner_off;
  const double of_inner_below = euclidean_norm(Numbers(inner.entries)) * (1 - 1e-10);
  if (const LowerBound below = LowerBound::from_double(of_inner_below);
      below > inner_off.turned()) {
    blocks.frobenius = distance(below, inner_off.turned());
  }
  blocks.across = norm_bound(rest.entries) + rest_off;
  blocks.found = largest_found(inner);
  return blocks;
}

}  // namespace

std::int64_t bytes_of_hessian_norm(const Graph& graph, std::int64_t batch) {
  const Network<double> network(graph, batch, Purpose::derivatives, Storage::none);
  const std::int64_t size = network.parameter_layout().elements;
  // The basis and its images, one of them copied, and another vector.
  const std::int64_t of_basis = (3 * std::min(most_vectors, size) + 1) * size;
  // A product of each thread, with a unit vector and its column, and one for the basis.
  constexpr std::int64_t number = sizeof(double);
  const std::int64_t of_product = bytes_of_hessian_product(network) + 2 * size * number;
  return (thread_count() + 1) * of_product + of_basis * number;
}

HessianNorm hessian_norm(const ObjectivePoint& point, const ColumnProgress& progress) {
  HessianProduct hessian(point);
  const std::int64_t size = hessian.size();
  RandomSequence random(1);
  std::vector<double> start(static_cast<std::size_t>(size));
  for (std::size_t i = 0; i < start.size(); ++i) start[i] = random.normal(i);
  const Basis basis = find_basis(hessian, std::move(start));
  const Magnitude norm = Columns(hessian, progress).norm();
  HessianNorm result{norm, norm, 0, size + basis.vectors.rows};
  if (basis.vectors.rows == 0 || norm.is_infinite()) return result;
  const Blocks blocks = blocks_of(basis, norm);
  result.found = blocks.found;
  // ||(I - P) H (I - P)||, by what is left of the Frobenius norm.
  const Magnitude outside = square_root(excess(norm * norm, blocks.frobenius * blocks.frobenius));
  const Magnitude sum = blocks.within + outside;
  const Magnitude difference = distance(blocks.within, outside);
  result.bound = std::min(norm, scale(sum + hypotenuse(difference, scale(blocks.across, 1)), -1));
  return result;
}

}  // namespace smoothbound
