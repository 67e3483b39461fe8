// The account of a composition: what `--explain` shows, at the Euclidean level.
#include <algorithm>

#include "smoothbound/rules/compose.hpp"

namespace smoothbound::rules {

void Composition::record_affine(const AffineConstants& b, const Magnitude& R) const {
  const Stretch& at = at_[euclidean];
  const bool is_paper = method_ == Method::paper;
  const bool adds = is_paper || b.acts_on_different_entries;
  record("L_beta", b.bilinear);
  record("l_beta_v", b.linear_parameters);
  record("l_beta_z", b.linear_input);
  if (!b.offset.value.is_zero()) record("||beta_0||", b.offset);
  record("R", "||v|| <= R", R, "");
  record("A", b.acts_on_different_entries ? "max{L_beta R, l_beta_z}" : "L_beta R + l_beta_z", at.A,
         "||db/dz||, (20)");
  record("B", adds ? "L_beta m_in + l_beta_v" : "sqrt((L_beta m_in)^2 + l_beta_v^2)", at.B,
         adds ? "||db/dv||, (20)" : "||db/dv||, weights and bias orthogonal");
  record("m_0",
         b.acts_on_different_entries ? "A m_in + R l_beta_v + ||beta_0||"
                                     : "R B + l_beta_z m_in + ||beta_0||",
         at.m, "Prop 4.4 (i)");
}

void Composition::record_map(const MapConstants& a, const Magnitude& m_before) const {
  const Stretch& at = at_[euclidean];
  record("||a||", a.bound);
  record("l_a", a.lipschitz);
  record("L_a", a.smoothness);
  record("||a(0)||", a.at_zero);
  record("||grad a(0)||", a.slope_at_zero);
  const Magnitude around_zero = a.slope_at_zero.value + a.smoothness.value * m_before;
  const bool is_global = a.lipschitz.value <= around_zero;
  record("l_j",
         is_global ? "l_a  (of min{l_a, ||grad a(0)|| + L_a m})"
                   : "||grad a(0)|| + L_a m  (of min{l_a, ||grad a(0)|| + L_a m})",
         is_global ? a.lipschitz.value : around_zero, "Prop 4.4 (ii)");
  record("m_j",
         at.m == a.bound.value ? "||a||, the smallest of three bounds"
         : at.m == a.at_zero.value + a.lipschitz.value * m_before
             ? "||a(0)|| + l_a m, the smallest of three bounds"
         : method_ == Method::paper
             ? "||a(0)|| + (||grad a(0)|| + L_a m) m, the smallest of three bounds"
             : "||a(0)|| + (||grad a(0)|| + L_a/2 m) m, the smallest of three bounds",
         at.m, "Prop 4.4 (i)");
  record("P", "product of the l_j so far", at.P, "");
  record("S", "l_j S + L_a P^2, with the S and P before", at.S, "L_{l,k}, Prop 4.4 (iii)");
}

void Composition::record_result(const Value& all) const {
  trace_->conclusions.clear();
  const Triple total = all.total();
  const Stretch& at = at_[euclidean];
  const std::size_t earlier = input_.find(rest);
  const Magnitude through_input =
      earlier < input_.groups() ? at.A * input_.l(earlier)[euclidean] : Magnitude();
  const TraceLine earlier_l{"P A l_in", "earlier parameters", at.P * through_input, "term of l"};
  const TraceLine own_l{"P B", "own parameters", at.P * at.B, "term of l"};
  const Terms before = earlier < input_.groups() ? terms(euclidean, earlier, earlier) : Terms{};
  if (method_ == Method::paper) {
    record_terms("l", "P (A l_in + B), (20)", total.lipschitz, std::array{earlier_l, own_l});
    record_terms(
        "L", "sum of the four terms, (21)", total.smoothness,
        std::array{
            TraceLine{"P A L_in", "curvature of what comes before", before.carried, "term of L"},
            TraceLine{"A^2 S l_in^2", "own curvature, earlier parameters", before.curvature,
                      "term of L"},
            TraceLine{"2 (A B S + L_beta P) l_in", "mixed", before.mixed, "term of L"},
            TraceLine{"B^2 S", "own curvature, own parameters", before.own, "term of L"}});
    return;
  }
  const Magnitude H_11 = before.carried + before.curvature;
  const bool is_new = own_ == none_ || input_.label(own_) == own;
  const Magnitude H_22 = at.B * at.B * at.S;
  if (all.groups() == 1 && is_new) {
    const Magnitude mixed = own_ == none_ ? Magnitude() : terms(euclidean, earlier, own_).mixed;
    record_terms("l", "P sqrt((A l_in)^2 + B^2)", total.lipschitz, std::array{earlier_l, own_l});
    record_terms(
        "L", "largest eigenvalue of [H_11 H_12; H_12 H_22]", total.smoothness,
        std::array{
            TraceLine{"H_11", "P A L_in + S A^2 l_in^2: earlier parameters", H_11, "entry for L"},
            TraceLine{"H_12", "(S A B + P L_beta) l_in: mixed", mixed, "entry for L"},
            TraceLine{"H_22", "S B^2: own parameters", H_22, "entry for L"}});
    return;
  }
  // Blocks that are used more than once are groups of their own.
  std::vector<TraceLine> first;
  std::vector<TraceLine> second;
  for (std::size_t i = 0; i < all.groups(); ++i) {
    const bool is_rest = all.label(i) == rest;
    const std::string name = is_rest ? "rest" : "shared " + std::to_string(all.label(i));
    const std::string what = is_rest ? "parameters that are used once" : "a shared block";
    first.push_back({"l_" + name, what, all.l(i)[euclidean], "term of l"});
    second.push_back({"H_" + name, what, all.H(i, i)[euclidean], "entry for L"});
  }
  record_terms("l", "root of the sum of squares over groups of blocks", total.lipschitz, first);
  record_terms("L", "largest eigenvalue of the matrix over groups of blocks", total.smoothness,
               second);
}

void Composition::record_terms(std::string_view symbol, std::string_view formula,
                               const Magnitude& total, std::span<const TraceLine> terms) const {
  const TraceLine* largest = &terms.front();
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

}  // namespace smoothbound::rules
