// The account of a composition: what `--explain` shows, at the Euclidean level.
#include <algorithm>
#include <array>

#include "at_level.hpp"
#include "map_rules.hpp"
#include "smoothbound/rules/compose.hpp"

namespace smoothbound::rules {

void Composition::record_affine(const AffineConstants& b, const Magnitude& R,
                                const Value& before) const {
  const bool adds = method_ == Method::paper || b.acts_on_different_entries;
  const Magnitude& m = before.m[euclidean];
  const Magnitude by_block = b.bilinear.value * R + b.at_point;
  const Magnitude weighed = b.bilinear.value * m;
  record("L_beta", b.bilinear);
  record("l_beta_v", b.linear_parameters);
  record("l_beta_z", b.linear_input);
  if (!b.offset.value.is_zero()) record("||beta_0||", b.offset);
  record("R", "||v|| <= R", R, "");
  record("A", b.acts_on_different_entries ? "max{L_beta R, l_beta_z}" : "L_beta R + l_beta_z",
         b.acts_on_different_entries ? std::max(by_block, b.linear_input.value)
                                     : by_block + b.linear_input.value,
         "||db/dz||, (20)");
  record(
      "B", adds ? "L_beta m_in + l_beta_v" : "sqrt((L_beta m_in)^2 + l_beta_v^2)",
      adds ? weighed + b.linear_parameters.value : hypotenuse(weighed, b.linear_parameters.value),
      adds ? "||db/dv||, (20)" : "||db/dv||, weights and bias orthogonal");
  record("m_0",
         b.acts_on_different_entries ? "A m_in + R l_beta_v + ||beta_0||"
                                     : "R B + l_beta_z m_in + ||beta_0||",
         z_.m[euclidean], "Prop 4.4 (i)");
}

void Composition::record_map(const MapConstants& a, const Value& before) const {
  record("||a||", a.bound);
  record("l_a", a.lipschitz);
  record("L_a", a.smoothness);
  record("||a(0)||", a.at_zero);
  record("||grad a(0)||", a.slope_at_zero);
  const bool is_paper = method_ == Method::paper;
  const MapAtLevel at = *at_level(a, euclidean, {});
  const Magnitude m = read(at.reads, before.m);
  const Magnitude& m_inner = before.m[at.inner.value_or(euclidean)];
  const Magnitude around_zero = a.slope_at_zero.value + a.smoothness.value * m_inner;
  const Magnitude by_growth =
      !is_paper && refine_.growth ? a.growth.slope_within(m_inner) : Magnitude::infinity();
  if (by_growth < std::min(a.lipschitz.value, around_zero)) {
    record("l_j", "largest slope on [-m, m], m the largest entry", by_growth, "growth");
  } else if (a.lipschitz.value <= around_zero) {
    record("l_j", "l_a  (of min{l_a, ||grad a(0)|| + L_a m})", a.lipschitz.value, "Prop 4.4 (ii)");
  } else {
    record("l_j", "||grad a(0)|| + L_a m  (of min{l_a, ||grad a(0)|| + L_a m})", around_zero,
           "Prop 4.4 (ii)");
  }
  const Magnitude& now = z_.m[euclidean];
  const Magnitude curvature = is_paper ? a.smoothness.value : scale(a.smoothness.value, -1);
  const Magnitude by_curvature =
      a.at_zero.value + (a.slope_at_zero.value + curvature * (refine_.growth ? m_inner : m)) * m;
  record("m_j",
         now == a.bound.value ? "||a||, the smallest of all bounds"
         : now == a.at_zero.value + a.lipschitz.value * m
             ? "||a(0)|| + l_a m, the smallest of all bounds"
         : now == by_curvature && is_paper
             ? "||a(0)|| + (||grad a(0)|| + L_a m) m, the smallest of all bounds"
         : now == by_curvature
             ? "||a(0)|| + (||grad a(0)|| + L_a/2 m) m, the smallest of all bounds"
         : !is_paper && refine_.growth ? "by growth or by another level, the smallest of all bounds"
                                       : "by another level, the smallest of all bounds",
         now, "Prop 4.4 (i)");
}

void Composition::record_result() const {
  trace_->conclusions.clear();
  const Value all = value();
  if (all.groups() == 1 && (own_ == none_ || z_.label(own_) == own)) {
    record_earlier_and_own(all.total());
  } else {
    record_groups(all);
  }
  record_levels(all);
}

void Composition::record_earlier_and_own(const Triple& total) const {
  const bool is_paper = method_ == Method::paper;
  const std::size_t earlier = z_.find(rest);
  const bool has_rest = earlier < z_.groups();
  const bool has_own = own_ != none_;
  const Magnitude none;
  const Magnitude& S = z_.S[euclidean];
  const bool by_slope_of_all = S.is_finite() && S == total.lipschitz;
  if (by_slope_of_all) {
    record("S", "of all blocks at once, less than of each", S, "in place of l_i");
  }
  record_terms("l",
               is_paper          ? "P (A l_in + B), (20)"
               : by_slope_of_all ? "S, below P sqrt((A l_in)^2 + B^2)"
                                 : "P sqrt((A l_in)^2 + B^2)",
               total.lipschitz,
               std::array{TraceLine{"P A l_in", "earlier parameters",
                                    has_rest ? z_.l(earlier)[euclidean] : none, "term of l"},
                          TraceLine{"P B", "own parameters", has_own ? z_.l(own_)[euclidean] : none,
                                    "term of l"}});
  const Magnitude mixed = has_rest && has_own ? z_.H(earlier, own_)[euclidean] : none;
  std::vector<TraceLine> entries{
      {"H_11", is_paper ? "P A L_in + S A^2 l_in^2: earlier parameters" : "earlier parameters",
       has_rest ? z_.H(earlier, earlier)[euclidean] : none, ""},
      {is_paper ? "2 H_12" : "H_12",
       is_paper ? "(S A B + P L_beta) l_in: mixed" : "earlier and own parameters",
       scale(mixed, is_paper ? 1 : 0), ""},
      {"H_22", is_paper ? "S B^2: own parameters" : "own parameters",
       has_own ? z_.H(own_, own_)[euclidean] : none, ""}};
  for (TraceLine& entry : entries) entry.source = is_paper ? "term of L" : "entry for L";
  if (is_paper) {
    record_terms("L", "H_11 + 2 H_12 + H_22, (21)", total.smoothness, entries);
    return;
  }
  const Magnitude& T = z_.T[euclidean];
  const bool by_form = T.is_finite() && T == total.smoothness;
  if (by_form) record("T", "along one direction, less than H says of pairs", T, "in place of H");
  record_terms("L",
               by_form ? "T, below the largest eigenvalue of [H_11 H_12; H_12 H_22]"
                       : "largest eigenvalue of [H_11 H_12; H_12 H_22]",
               total.smoothness, entries);
}

// Blocks that are used more than once are groups of their own.
void Composition::record_groups(const Value& all) const {
  std::vector<TraceLine> first;
  std::vector<TraceLine> second;
  for (std::size_t i = 0; i < all.groups(); ++i) {
    const bool is_rest = all.label(i) == rest;
    const std::string name = is_rest ? "rest" : "shared " + std::to_string(all.label(i));
    const std::string what = is_rest ? "parameters that are used once" : "a shared block";
    first.push_back({"l_" + name, what, all.l(i)[euclidean], "term of l"});
    second.push_back({"H_" + name, what, all.H(i, i)[euclidean], "entry for L"});
  }
  const Triple total = all.total();
  record_terms("l", "root of the sum of squares over groups of blocks", total.lipschitz, first);
  record_terms("L", "largest eigenvalue of the matrix over groups of blocks", total.smoothness,
               second);
}

void Composition::record_levels(const Value& all) const {
  for (std::size_t level = 1; level < levels.size(); ++level) {
    if (!all.level_set().has(level)) continue;
    const Triple at = all.total(level);
    const std::string name = " (" + std::string(levels[level].name) + ")";
    const std::string what = "at level " + std::string(levels[level].name);
    record("m" + name, what, at.m, "");
    record("l" + name, what, at.lipschitz, "");
    record("L" + name, what, at.smoothness, "");
  }
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
    // What is known of the whole may be less than a term by itself.
    conclusion +=
        largest->value <= total ? ": the largest part is " : ": less than its largest part, ";
    conclusion +=
        largest->symbol + " = " + largest->value.to_text(digits) + " (" + largest->formula + ")";
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
