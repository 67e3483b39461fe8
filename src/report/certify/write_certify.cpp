// Steps that are proved, for people: table and Markdown.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "certify/parts.hpp"
#include "shared/directed.hpp"

namespace smoothbound {
namespace {

std::string computed(double value) { return fmt::format("{:.6g}", value); }
// A step that is certified is none but this one.
std::string exactly(double value) { return fmt::format("{}", value); }
std::string percentage(double part) { return fmt::format("{:.1f}%", part * 100); }

// Of F from a range to one below it, rounded down.
double decrease(const Range& start, const Range& end) {
  return std::nextafter(start.lower - end.upper, -std::numeric_limits<double>::infinity());
}

class CertifyWriter {
 public:
  CertifyWriter(const CertifyView& view, Page& page)
      : report_(view.report),
        explains_(view.explains),
        graph_(view.report.bounds.graph),
        page_(page) {}

  void write() {
    page_.title(fmt::format("{} ({}), along w + t d", page_.foreign(graph_.name),
                            page_.foreign(report_.bounds.file)));
    report_.asked ? write_asked(*report_.asked) : write_best();
    if (report_.stored) write_stored(*report_.stored);
    write_steps();
    if (!report_.saved.empty()) {
      page_.paragraph(fmt::format("w + t d for t = {} is saved in {}{}", exactly(*report_.chosen()),
                                  page_.foreign(report_.saved),
                                  report_.stored ? ", in float32" : ""));
    }
    page_.heading("problem");
    write_origin(page_, report_.data, report_.parameters, report_.bounds.settings.batch);
    if (!report_.statistics.empty()) {
      page_.paragraph("statistics of batch norm: " + page_.foreign(report_.statistics));
    }
    page_.paragraph("objective: " + words::objective(report_.bounds.settings));
    page_.paragraph(fmt::format("direction d: {}, ||d|| = {}", page_.foreign(report_.direction),
                                computed(report_.direction_norm)));
    write_computed();
    write_bounds();
    if (explains_) write_shares();
    write_notes();
  }

 private:
  void write_asked(const CertifyReport::AskedStep& asked) {
    const std::string t = exactly(asked.t);
    switch (asked.verdict) {
      case StepVerdict::decreases:
        page_.paragraph(fmt::format(
            "PROVED: the step t = {} decreases F, by {} at least: F(w + t d) <= {} and F(w) >= {}",
            t, at_least(decrease(report_.start, asked.bounds)), at_most(asked.bounds.upper),
            at_least(report_.start.lower)));
        return;
      case StepVerdict::increases:
        page_.paragraph(fmt::format(
            "PROVED: the step t = {} increases F, by {} at least: F(w + t d) >= {} and F(w) <= {}",
            t, at_least(decrease(asked.bounds, report_.start)), at_least(asked.bounds.lower),
            at_most(report_.start.upper)));
        return;
      case StepVerdict::undecided:
        break;
    }
    const bool is_bounded = std::isfinite(asked.bounds.lower) && std::isfinite(asked.bounds.upper);
    page_.paragraph(
        is_bounded
            ? fmt::format("not decided: the step t = {} leads to F(w + t d) in {}, from F(w) in {}",
                          t, interval(asked.bounds.lower, asked.bounds.upper),
                          interval(report_.start.lower, report_.start.upper))
            : fmt::format("not decided: for t up to {} there are no finite bounds{}", t,
                          behind_failed_layer()));
  }

  void write_stored(const CertifyReport::StoredStep& stored) {
    switch (stored.verdict) {
      case StepVerdict::decreases:
        page_.paragraph(fmt::format(
            "PROVED: stored in float32, w + t d decreases F, by {} at least, to {} at most",
            at_least(decrease(stored.start, stored.bounds)), at_most(stored.bounds.upper)));
        return;
      case StepVerdict::increases:
        page_.paragraph(fmt::format(
            "PROVED: stored in float32, w + t d increases F, by {} at least, to {} at least",
            at_least(decrease(stored.bounds, stored.start)), at_least(stored.bounds.lower)));
        return;
      case StepVerdict::undecided:
        break;
    }
    const bool is_bounded =
        std::isfinite(stored.bounds.lower) && std::isfinite(stored.bounds.upper);
    page_.paragraph(
        is_bounded
            ? fmt::format("not decided: stored in float32, F(w + t d) is in {}, and F(w) in {}",
                          interval(stored.bounds.lower, stored.bounds.upper),
                          interval(stored.start.lower, stored.start.upper))
            : "not decided: stored in float32, F(w + t d) has no finite bounds");
  }

  [[nodiscard]] std::string behind_failed_layer() const {
    if (report_.failed_layer.empty()) return {};
    return fmt::format(": those of layer '{}' are not", page_.foreign(report_.failed_layer));
  }

  void write_best() {
    if (const auto& best = report_.best) {
      page_.paragraph(
          fmt::format("PROVED: the step t = {} decreases F, by {} at least, to {} at most",
                      exactly(best->t), at_least(best->decrease), at_most(best->upper)));
      return;
    }
    const double slope = report_.derivatives.slope;
    page_.paragraph(slope < 0 ? fmt::format("no decrease is proved: for no T that was tried do "
                                            "the bounds on [0, T] come below F(w){}",
                                            behind_failed_layer())
                              : fmt::format("no decrease is proved: F does not fall along d, its "
                                            "slope is {}",
                                            computed(slope)));
  }

  // What is certified of each step.
  void write_steps() {
    Grid grid({{"step", Align::left, Fit::key},
               {"t", Align::right},
               {"F at least", Align::right},
               {"F at most", Align::right},
               {"decrease at least", Align::right},
               {"T", Align::right},
               {"n", Align::right}});
    if (report_.asked && report_.length > 0) {
      const CertifyReport::AskedStep& asked = *report_.asked;
      add(grid, "asked",
          {asked.t, asked.bounds.upper, asked.bounds.lower, decrease(report_.start, asked.bounds),
           report_.length, report_.order});
    }
    if (report_.best) add(grid, "least bound", *report_.best);
    if (report_.longest) add(grid, "longest", *report_.longest);
    if (grid.empty()) return;
    page_.gap();
    page_.grid(grid, false);
    if (!report_.longest && report_.saved.empty()) return;
    page_.gap();
    if (!report_.longest) return;
    page_.paragraph(fmt::format(
        "longest: the longest step certified to decrease F by {:g} t |slope|", proved_share));
  }

  static void add(Grid& grid, std::string_view name, const ProvedStep& step) {
    grid.add_row({name, exactly(step.t), at_least(step.lower), at_most(step.upper),
                  step.decrease > 0 ? at_least(step.decrease) : "", not_beyond(step.length),
                  std::to_string(step.order)});
  }

  void write_computed() {
    page_.heading("computed in floating point, which proves nothing");
    const LineDerivatives& f = report_.derivatives;
    page_.paragraph(
        fmt::format("at w: F = {}, slope <grad F, d> = {}, curvature <d, hess F d> = {}",
                    computed(f.value), computed(f.slope), computed(f.curvature)));
    if (report_.asked) {
      page_.paragraph(fmt::format("at the step t = {}: F = {}", exactly(report_.asked->t),
                                  computed(report_.asked->value)));
    }
    if (report_.stored) {
      page_.paragraph(
          fmt::format("at w + t d, stored in float32: F = {}", computed(report_.stored->value)));
    }
    if (!report_.line_search) {
      page_.paragraph("exact line search: no minimum was found");
      return;
    }
    page_.paragraph(fmt::format("exact line search: t = {}, F = {}", computed(*report_.line_search),
                                computed(report_.line_search_value)));
    const ProvedShares shares = proved_shares(report_);
    if (!std::isfinite(shares.step)) return;
    std::string line =
        fmt::format("the best proved step is {} of its step", percentage(shares.step));
    if (std::isfinite(shares.decrease)) {
      line += fmt::format(", with {} of its decrease", percentage(shares.decrease));
    }
    page_.paragraph(line);
  }

  void write_bounds() {
    page_.heading("bounds");
    if (report_.length > 0) {
      page_.paragraph(fmt::format(
          "for t in [0, T], T = {}: Taylor polynomials of degree K = {}, their remainder of order "
          "n = {}, by {}",
          exactly(report_.length), report_.degree, report_.order,
          report_.mode == EnclosureMode::norm ? "norms" : "intervals"));
      page_.paragraph(
          fmt::format("F(w) in {}", interval(report_.start.lower, report_.start.upper)));
      const auto most = std::ranges::max_element(report_.shares, {}, &LayerShare::share);
      if (most != report_.shares.end() && most->share > 0) {
        page_.paragraph(
            fmt::format("what limits T: layer '{}' brings in {} of the bounds' width at T",
                        page_.foreign(graph_.layers[most->layer].name), percentage(most->share)));
      }
      page_.paragraph(
          fmt::format("rounding: outputs are off by {} at most, in the mean over samples, which "
                      "the bounds allow for",
                      at_most(report_.rounding, 3)));
    } else {
      page_.paragraph(fmt::format("none: Taylor polynomials of degree K = {}, by {}",
                                  report_.degree,
                                  report_.mode == EnclosureMode::norm ? "norms" : "intervals"));
    }
    page_.paragraph(fmt::format("cost: {:.3g} gradients, {} pass{} for remainders{}",
                                report_.work.gradients(), words::count(report_.work.pass_count),
                                report_.work.pass_count == 1 ? "" : "es", in_micro_batches()));
    page_.paragraph(fmt::format("time: {:.3g} s", report_.seconds));
  }

  // Which take coefficients anew in each sweep.
  [[nodiscard]] std::string in_micro_batches() const {
    if (report_.micro_batch == 0) return {};
    return fmt::format(", in micro-batches of {} sample{}", words::count(report_.micro_batch),
                       report_.micro_batch == 1 ? "" : "s");
  }

  void write_shares() {
    if (report_.shares.empty()) return;
    page_.heading("layers and their shares of the bounds' width at T");
    Grid grid({{"#", Align::right, Fit::index},
               {"layer", Align::left, Fit::key},
               {"components", Align::left, Fit::shorten},
               {"share", Align::right}});
    for (const LayerShare& share : report_.shares) {
      const Layer& layer = graph_.layers[share.layer];
      grid.add_row({std::to_string(share.layer + 1), layer.name, words::components(layer, " "),
                    percentage(share.share)});
    }
    page_.grid(grid);
  }

  // What was done to the network; nothing here depends on defaults but those of the objective.
  void write_notes() {
    const std::vector<std::string>& lines = report_.bounds.assumptions;
    const std::size_t defaults = std::min(report_.bounds.default_count, lines.size());
    page_.list("assumptions", {lines.begin() + static_cast<std::ptrdiff_t>(defaults), lines.end()});
  }

  const CertifyReport& report_;
  bool explains_;
  const Graph& graph_;
  Page& page_;
};

}  // namespace

void write_certify_page(const CertifyView& view, Page& page) { CertifyWriter(view, page).write(); }

void write(const CertifyReport& report, Format format, const Sink& sink, bool explains) {
  constexpr Forms<CertifyView> forms{write_certify_page, write_certify_csv, write_certify_json};
  forms.write({report, explains}, format, sink);
}

}  // namespace smoothbound
