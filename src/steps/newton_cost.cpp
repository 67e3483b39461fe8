#include "newton_cost.hpp"

#include <algorithm>

namespace smoothbound::steps {
namespace {

// n - 1 where that is exact.
Magnitude less_one(const Magnitude& n) {
  const auto integer = n.to_integer();
  return integer && *integer > 0 ? count(*integer - 1) : n;
}

// n (n + 1) / 2
Magnitude triangle(const Magnitude& n) {
  return ceiling(n * (n + count(1)) / LowerBound::from_count(2));
}

// Divisions and multiplications of a Cholesky factorization: n (n - 1) (n + 4) / 6.
Magnitude cholesky(const Magnitude& n) {
  return ceiling(n * less_one(n) * (n + count(4)) / LowerBound::from_count(6));
}

}  // namespace

// Line by line what src/steps/reduced_stage.cpp does, with its names.
StageCost stage_cost(const StageSizes& sizes) {
  const PatchCounts& part = sizes.patches;
  const Magnitude filters = count(part.filters);
  const Magnitude groups = count(part.groups);
  const Magnitude fan_in = count(part.fan_in);
  const Magnitude features = part.bias ? fan_in + count(1) : fan_in;
  const Magnitude rows = count(sizes.batch) * count(part.positions);
  const bool reduced = rows < features;
  const Magnitude each = std::min(rows, features);  // unknowns of a filter
  const Magnitude rest = count(sizes.rest_parameters);
  const Magnitude n = filters * each + rest;
  const Magnitude y = filters * rows;
  const Magnitude joint = y + rest;
  const Magnitude input = count(sizes.batch) * sizes.inputs;

  StageCost cost;
  cost.unknowns = n;
  Magnitude& work = cost.multiplications;
  Magnitude& kept = cost.kept_scalars;
  // The patches, or Q and L of their factorization, and the projector onto the rest.
  kept = groups * rows * each + features * filters;
  if (reduced) {
    work += count(3) * groups * features * each * each;
    kept += groups * features * each;
    if (!sizes.first) {
      work += groups * features * features * each;
      kept += groups * features * features;
    }
  }
  work += joint * y * each + y * each * n;  // G L and L^T (G L)
  work += cholesky(n);
  kept += n * n + n;
  Magnitude before;  // cost_{l-1}
  if (!sizes.first) {
    work += joint * y * sizes.inputs;                     // G Z
    work += y * each * input + y * sizes.inputs * input;  // L^T and Z^T times that
    work += triangle(n) * input + n * triangle(input);    // V, V^T V
    if (reduced) {
      work += y * fan_in * each;                                   // Q^T T^T
      work += rows * rows * (filters + groups * fan_in * fan_in);  // the eliminated weights
    }
    kept += n * input;                                           // V
    kept += filters * count(part.positions) * sizes.inputs + y;  // Z, Y
    before = input * input;
  }
  Magnitude& working = cost.working_scalars;
  if (sizes.identity) {
    working = joint * joint;
  } else {
    working = sizes.outputs * joint + std::max(sizes.outputs * sizes.outputs, joint * joint);
  }
  if (!sizes.first) working = std::max(working, joint * joint + joint * input + before);
  working = std::max(working, joint * (joint + n + rows) + before);
  return cost;
}

}  // namespace smoothbound::steps
