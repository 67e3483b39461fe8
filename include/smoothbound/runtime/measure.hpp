// Lower estimates of the constants of a network, for comparison with the bounds: what a search over
// parameters, inputs and directions reaches.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "smoothbound/runtime/oracle.hpp"

namespace smoothbound {

struct MeasureSettings {
  double norm = 1;            // of the stacked input
  double default_radius = 1;  // of parameter blocks that name none
  double sample_norm = std::numeric_limits<double>::infinity();  // of one input at most
  /// Not empty: all blocks are in balls of `default_radius` around these parameters.
  std::vector<double> centre;
  std::vector<double> x;  // not empty: the inputs, stacked, which stay as they are
  int starts = 3;         // random points of the search
  int ascents = 4;        // steps of projected gradient ascent from each of them
  int power_steps = 8;    // of the power iteration at each point
  std::uint64_t seed = 0;
};

/// The largest value found and where: parameters, input and, for derivatives, unit direction.
struct Measured {
  double value = 0;
  std::vector<double> w;
  std::vector<double> x;
  std::vector<double> w_dot;
};

struct Measurement {
  std::vector<double> layer_norms;  // the largest ||z_l|| of each layer of the graph
  Measured norm;                    // ||psi(w)||
  Measured slope;                   // ||grad psi(w)^T w_dot||, at most l_psi
  Measured curvature;               // ||hess psi(w)[w_dot, w_dot, .]||, at most L_psi
  std::int64_t draws = 0;           // triples (w, x, w_dot) that were evaluated
};

/// Searches the product of the balls ||v_l|| <= R_l, or of those around the centre, and the sphere
/// ||x|| = norm: from random points by ascent along the gradient of each of the three quantities.
/// Throws NotExecutable, std::invalid_argument for a centre or inputs of other sizes.
Measurement measure(const Graph& graph, std::int64_t batch, const MeasureSettings& settings);

/// The largest ||grad psi^T w_dot|| over unit directions: `steps` of power iteration from
/// `w_dot`, which becomes the best direction met. `y_dot` becomes its image.
double largest_slope(Trajectory<double>& trajectory, int steps, std::span<double> w_dot,
                     std::span<double> y_dot);

/// The same for ||hess psi[w_dot, w_dot, .]||, by the shifted power method for symmetric tensors
/// (Kolda & Mayo, 2011): a local maximum.
double largest_curvature(Trajectory<double>& trajectory, int steps, std::span<double> w_dot,
                         std::span<double> y_ddot);

/// Where a search stands.
struct SearchPoint {
  std::vector<double> w;  // parameters
  std::vector<double> x;  // inputs, stacked
};

/// The gradient by w and x of <mu, psi>, <mu, psi'[w_dot]> or <mu, psi''[w_dot, w_dot]> for the
/// orders 0, 1 and 2, but for a positive factor: central differences of `vjp` along w_dot. The
/// network and trajectory are left elsewhere.
SearchPoint derivative_gradient(Network<double>& network, Trajectory<double>& trajectory, int order,
                                const SearchPoint& at, std::span<const double> w_dot,
                                std::span<const double> mu);

}  // namespace smoothbound
