#include "smoothbound/rules/compose.hpp"

#include <algorithm>
#include <unordered_map>

namespace smoothbound::rules {
namespace {

Magnitude twice(const Magnitude& a) { return scale(a, 1); }

Magnitude half(const Magnitude& a) { return scale(a, -1); }

// A bound on the largest eigenvalue of [a b; b d] for entries >= 0. It increases in every entry, so
// upper bounds of the entries give one, and |a - d| may be taken of those.
Magnitude largest_eigenvalue(const Magnitude& a, const Magnitude& b, const Magnitude& d) {
  if (b.is_zero()) return std::max(a, d);
  const Magnitude root = hypotenuse(distance(a, d), twice(b));
  // Rounding does not lift it above the sum of the entries, the paper's bound; but a + d + root may
  // be beyond the largest number where the sum is not.
  return std::min(half(a + d + root), a + twice(b) + d);
}

}  // namespace

void Composition::apply(const AffineConstants& b, const Magnitude& R) {
  if (begun_) {
    input_ = result();
    P_ = Magnitude::from_count(1);
    S_ = {};
  }
  begun_ = true;
  record("L_beta", b.bilinear);
  record("l_beta_v", b.linear_parameters);
  record("l_beta_z", b.linear_input);
  if (!b.offset.value.is_zero()) record("||beta_0||", b.offset);
  record("R", "||v|| <= R", R, "");

  bilinear_ = b.bilinear.value;
  const Magnitude lv = b.linear_parameters.value;
  const Magnitude lz = b.linear_input.value;
  const Magnitude& m = input_.m;
  A_ = bilinear_ * R + lz;  // Prop 4.4 (ii), (20): L_beta R + l_{beta^z}
  // Prop 4.4 (ii), (20): m_{l-1} L_beta + l_{beta^v}. Sharp: weights and bias are orthogonal inside
  // v.
  B_ = method_ == Method::paper ? bilinear_ * m + lv : hypotenuse(bilinear_ * m, lv);
  m_ = R * B_ + lz * m + b.offset.value;  // Prop 4.4 (i): m_{l,0}
  record("A", "L_beta R + l_beta_z", A_, "||db/dz||, (20)");
  record("B",
         method_ == Method::paper ? "L_beta m_in + l_beta_v" : "sqrt((L_beta m_in)^2 + l_beta_v^2)",
         B_,
         method_ == Method::paper ? "||db/dv||, (20)" : "||db/dv||, weights and bias orthogonal");
  record("m_0", "R B + l_beta_z m_in + ||beta_0||", m_, "Prop 4.4 (i)");
}

void Composition::apply(const MapConstants& a) {
  begun_ = true;
  record("||a||", a.bound);
  record("l_a", a.lipschitz);
  record("L_a", a.smoothness);
  record("||a(0)||", a.at_zero);
  record("||grad a(0)||", a.slope_at_zero);

  const Magnitude& L = a.smoothness.value;
  // Prop 4.4 (ii): l_{l,j} = min{l_a, ||grad a(0)|| + L_a m_{l,j-1}}
  const Magnitude around_zero = a.slope_at_zero.value + L * m_;
  const Magnitude l = std::min(a.lipschitz.value, around_zero);
  // Prop 4.4 (i): the three bounds of m_{l,j}. Sharp: Taylor's formula has L_a/2.
  const Magnitude curvature = method_ == Method::paper ? L : half(L);
  const Magnitude by_slope = a.at_zero.value + a.lipschitz.value * m_;
  const Magnitude by_curvature = a.at_zero.value + (a.slope_at_zero.value + curvature * m_) * m_;
  // Prop 4.4 (iii): S_k = sum_j L_{a_j} (prod_{i<j} l_i)^2 prod_{i>j} l_i, one factor at a time.
  S_ = l * S_ + L * P_ * P_;
  P_ = P_ * l;
  m_ = std::min({a.bound.value, by_slope, by_curvature});

  record("l_j",
         l == a.lipschitz.value ? "l_a  (of min{l_a, ||grad a(0)|| + L_a m})"
                                : "||grad a(0)|| + L_a m  (of min{l_a, ||grad a(0)|| + L_a m})",
         l, "Prop 4.4 (ii)");
  record("m_j",
         m_ == a.bound.value ? "||a||, the smallest of three bounds"
         : m_ == by_slope    ? "||a(0)|| + l_a m, the smallest of three bounds"
         : method_ == Method::paper
             ? "||a(0)|| + (||grad a(0)|| + L_a m) m, the smallest of three bounds"
             : "||a(0)|| + (||grad a(0)|| + L_a/2 m) m, the smallest of three bounds",
         m_, "Prop 4.4 (i)");
  record("P", "product of the l_j so far", P_, "");
  record("S", "l_j S + L_a P^2, with the S and P before", S_, "L_{l,k}, Prop 4.4 (iii)");
}

Triple Composition::result() const {
  return method_ == Method::paper ? paper_result() : sharp_result();
}

Triple Composition::paper_result() const {
  const Magnitude& l = input_.lipschitz;
  const Magnitude& L = input_.smoothness;
  const Magnitude through_input = A_ * l;
  const Magnitude lipschitz = P_ * (through_input + B_);  // Prop 4.4 (ii), (20)
  // Prop 4.4 (iii), (21), term by term
  const Magnitude carried = P_ * A_ * L;
  const Magnitude curvature = A_ * A_ * S_ * l * l;
  const Magnitude mixed = twice((A_ * B_ * S_ + bilinear_ * P_) * l);
  const Magnitude own = B_ * B_ * S_;
  const Magnitude smoothness = carried + curvature + mixed + own;
  if (trace_ != nullptr) {
    trace_->conclusions.clear();
    record_terms("l", "P (A l_in + B), (20)", lipschitz,
                 {{"P A l_in", "earlier parameters", P_ * through_input, "term of l"},
                  {"P B", "own parameters", P_ * B_, "term of l"}});
    record_terms("L", "sum of the four terms, (21)", smoothness,
                 {{"P A L_in", "curvature of what comes before", carried, "term of L"},
                  {"A^2 S l_in^2", "own curvature, earlier parameters", curvature, "term of L"},
                  {"2 (A B S + L_beta P) l_in", "mixed", mixed, "term of L"},
                  {"B^2 S", "own curvature, own parameters", own, "term of L"}});
  }
  return {m_, lipschitz, smoothness};
}

Triple Composition::sharp_result() const {
  const Magnitude& l = input_.lipschitz;
  const Magnitude& L = input_.smoothness;
  const Magnitude through_input = A_ * l;
  // Prop 4.4 (ii) and (iii) with orthogonal blocks: docs/theory.md, section 3.
  const Magnitude lipschitz = P_ * hypotenuse(through_input, B_);
  const Magnitude before = P_ * A_ * L + A_ * A_ * S_ * l * l;
  const Magnitude mixed = (A_ * B_ * S_ + bilinear_ * P_) * l;
  const Magnitude own = B_ * B_ * S_;
  // The gradient has the orthogonal blocks P A l_in and P B; the Hessian's norm is at most that of
  // the matrix of its blocks' norms.
  const Magnitude smoothness = largest_eigenvalue(before, mixed, own);
  if (trace_ != nullptr) {
    trace_->conclusions.clear();
    record_terms("l", "P sqrt((A l_in)^2 + B^2)", lipschitz,
                 {{"P A l_in", "earlier parameters", P_ * through_input, "term of l"},
                  {"P B", "own parameters", P_ * B_, "term of l"}});
    record_terms("L", "largest eigenvalue of [H_11 H_12; H_12 H_22]", smoothness,
                 {{"H_11", "P A L_in + S A^2 l_in^2: earlier parameters", before, "entry for L"},
                  {"H_12", "(S A B + P L_beta) l_in: mixed", mixed, "entry for L"},
                  {"H_22", "S B^2: own parameters", own, "entry for L"}});
  }
  return {m_, lipschitz, smoothness};
}

void Composition::record_terms(std::string_view symbol, std::string_view formula,
                               const Magnitude& total,
                               std::initializer_list<TraceLine> terms) const {
  const TraceLine* largest = terms.begin();
  for (const TraceLine& term : terms) {
    trace_->lines.push_back(term);
    if (term.value > largest->value) largest = &term;
  }
  record(symbol, formula, total, "");
  constexpr int digits = 6;
  std::string conclusion = std::string(symbol) + " = " + total.to_text(digits);
  if (total.is_finite() && !total.is_zero()) {
    conclusion += ": the largest part is " + largest->symbol + " = " +
                  largest->value.to_text(digits) + " (" + largest->formula + ")";
  }
  trace_->conclusions.push_back(std::move(conclusion));
}

void Composition::record(std::string_view symbol, std::string_view formula, const Magnitude& value,
                         std::string_view source, Remedy remedy) const {
  if (trace_ == nullptr) return;
  trace_->lines.push_back(
      {std::string(symbol), std::string(formula), value, std::string(source), remedy});
}

void Composition::record(std::string_view symbol, const Constant& constant) const {
  record(symbol, constant.formula, constant.value, constant.source, constant.remedy);
}

Triple sum(std::span<const Branch> branches, Method method) {
  if (method == Method::paper) {
    Triple total;
    for (const Branch& branch : branches) {
      total.m += branch.bounds.m;
      total.lipschitz += branch.bounds.lipschitz;
      total.smoothness += branch.bounds.smoothness;
    }
    return total;
  }
  // Sharp: the triangle inequality inside a group, orthogonal parameters between groups.
  Triple total;
  for (const Branch& branch : branches) total.m += branch.bounds.m;
  std::vector<Triple> groups;  // in the order of their first branches
  std::unordered_map<std::uint32_t, std::size_t> places;
  for (const Branch& branch : branches) {
    const auto [place, is_new] = places.emplace(branch.group, groups.size());
    if (is_new) groups.emplace_back();
    Triple& group = groups[place->second];
    group.lipschitz += branch.bounds.lipschitz;
    group.smoothness += branch.bounds.smoothness;
  }
  for (const Triple& group : groups) {
    total.lipschitz = hypotenuse(total.lipschitz, group.lipschitz);
    total.smoothness = std::max(total.smoothness, group.smoothness);
  }
  return total;
}

Triple concatenation(std::span<const Branch> branches) {
  Triple whole;
  for (const Branch& branch : branches) {
    whole.m = hypotenuse(whole.m, branch.bounds.m);
    whole.lipschitz = hypotenuse(whole.lipschitz, branch.bounds.lipschitz);
    whole.smoothness = hypotenuse(whole.smoothness, branch.bounds.smoothness);
  }
  return whole;
}

Triple product(std::span<const Branch> branches) {
  Triple whole = branches.front().bounds;
  for (const Branch& branch : branches.subspan(1)) {
    const Triple& factor = branch.bounds;
    whole = {whole.m * factor.m, whole.m * factor.lipschitz + factor.m * whole.lipschitz,
             whole.m * factor.smoothness + factor.m * whole.smoothness +
                 twice(whole.lipschitz * factor.lipschitz)};
  }
  return whole;
}

}  // namespace smoothbound::rules
