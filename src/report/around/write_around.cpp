// Bounds around a point for people: table and Markdown.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "around/parts.hpp"
#include "run/origin.hpp"
#include "shared/explanation.hpp"

namespace smoothbound {
namespace {

template <Rounding d>
std::string number(const Bound<d>& value) {
  return value.to_text(words::digits_for_people);
}

std::string measured_text(double value) {
  return std::isfinite(value) ? fmt::format("{:.4g}", value) : fmt::format("{}", value);
}

class AroundWriter {
 public:
  AroundWriter(const AroundReport& report, Page& page)
      : report_(report), page_(page), graph_(report.bounds.graph) {}

  void write() {
    for (const AroundResult& result : report_.results) {
      if (&result != report_.results.data()) page_.gap();
      write_head(result);
      page_.gap();
      write_layers(result);
      write_causes(result);
      if (result.objective) write_objective(result);
      if (const auto& layer = report_.bounds.explained_layer) {
        write_trace(page_, graph_.layers[*layer].name, result.explanation);
      }
    }
    write_blocks();
    write_verdict();
    page_.list("assumptions", assumptions());
    page_.gap();
    page_.paragraph(in_words());
  }

 private:
  [[nodiscard]] bool is_point() const { return report_.radius.upper.is_zero(); }

  void write_head(const AroundResult& result) {
    const ResolvedSettings& settings = report_.bounds.settings;
    page_.title(fmt::format("{} ({}), method {}", page_.foreign(graph_.name),
                            page_.foreign(report_.bounds.file), name_of(result.table.method)));
    page_.paragraph(
        fmt::format("upper bounds on the output (m), the Lipschitz constant (l) and the smoothness "
                    "constant (L) "
                    "in the parameters, {}",
                    is_point() ? "at the weights w*"
                               : fmt::format("||v_l - v_l*|| <= {} around the weights w*",
                                             words::setting(report_.radius))));
    page_.paragraph("w*: " + page_.foreign(report_.parameters.file));
    if (report_.data) {
      write_samples(page_, *report_.data, settings.batch);
    } else {
      page_.paragraph(fmt::format("batch {}, {}for all such inputs", settings.batch,
                                  words::input_norm(report_.bounds)));
    }
  }

  void write_layers(const AroundResult& result) {
    const bool measured = !report_.layers.empty();
    std::vector<Grid::Column> columns{{"#", Align::right, Fit::index},
                                      {"layer", Align::left, Fit::key},
                                      {"components", Align::left, Fit::shorten},
                                      {"output", Align::left, measured ? Fit::drop : Fit::keep}};
    for (const char* name : {"m", "l", "L"}) {
      columns.push_back({name, Align::right});
      if (!measured) continue;
      columns.push_back({"found", Align::right});
      columns.push_back({fmt::format("{}/found", name), Align::right});
    }
    Grid grid(std::move(columns));
    for (std::uint32_t i = 0; i < graph_.layers.size(); ++i) {
      const Layer& layer = graph_.layers[i];
      grid.add_row({std::to_string(i + 1), layer.name, words::components(layer, " "),
                    words::shape(layer.output)});
      const Triple& bounds = result.table.layers[i];
      const MeasuredLayer none;
      const MeasuredLayer& found = measured ? report_.layers[i] : none;
      add(grid, bounds.m, found.norm);
      add(grid, bounds.lipschitz, found.slope);
      add(grid, bounds.smoothness, found.curvature);
    }
    page_.grid(grid);
  }

  void add(Grid& grid, const Magnitude& bound, double found) const {
    grid.add(number(bound));
    if (report_.layers.empty()) return;
    grid.add(measured_text(found));
    const std::optional<double> ratio = ratio_of(bound, found);
    grid.add(ratio ? fmt::format("{:.3g}", *ratio) : "");
  }

  void write_causes(const AroundResult& result) {
    std::vector<std::string> lines;
    for (const auto& [entry, name] :
         {std::pair(&Triple::m, "m"), std::pair(&Triple::lipschitz, "l"),
          std::pair(&Triple::smoothness, "L")}) {
      // The first layer says it for those behind it.
      for (const std::uint32_t layer : graph_.order) {
        const Cause* cause = result.causes.find(layer, entry);
        if (cause == nullptr) continue;
        lines.push_back(fmt::format("{} from '{}' on: {}", name, graph_.layers[layer].name,
                                    describe(graph_, *cause)));
        break;
      }
    }
    page_.list("infinite values", lines);
  }

  void write_objective(const AroundResult& result) {
    const ObjectiveBounds& objective = *result.objective;
    page_.heading("objective");
    page_.paragraph(fmt::format("{}: l_F <= {}, L_F <= {}, 1/L_F >= {}",
                                words::objective(report_.bounds.settings),
                                number(objective.lipschitz), number(objective.smoothness),
                                number(LowerBound::from_count(1) / objective.smoothness)));
    if (report_.hessian) {
      page_.paragraph(fmt::format(
          "||hess F(w*)|| <= {}, by all columns of the Hessian; {:.6g} was found on the way, in {} "
          "products",
          number(report_.hessian->bound), report_.hessian->found, report_.hessian->products));
    }
    if (report_.objective) {
      const std::optional<double> ratio =
          ratio_of(objective.smoothness, report_.objective->curvature);
      page_.paragraph(fmt::format(
          "found: ||grad F(w*)|| = {}, |lambda|_max of its Hessian {}{}",
          measured_text(report_.objective->slope), measured_text(report_.objective->curvature),
          ratio ? fmt::format(", L_F/found {}", fmt::format("{:.3g}", *ratio)) : ""));
    }
    if (!objective.infinite_reason.empty()) {
      page_.item(fmt::format("{}: {}", objective.smoothness.is_infinite() ? "L_F" : "l_F",
                             page_.foreign(objective.infinite_reason)));
    }
  }

  // What is certified of the weights.
  void write_blocks() {
    if (report_.blocks.empty()) return;
    page_.heading("parameter blocks at w*");
    Grid grid({{"block", Align::left, Fit::key},
               {"||v*||", Align::right},
               {"operator norm", Align::right},
               {"bias", Align::right}});
    for (std::uint32_t i = 0; i < report_.blocks.size(); ++i) {
      const BlockAtPoint& block = report_.blocks[i];
      const auto known = [](const Magnitude& bound) {
        return bound.is_infinite() ? std::string("-") : number(bound);
      };
      grid.add_row({words::blocks(graph_, {&i, 1}), number(block.norm), known(block.linear_input),
                    known(block.bias)});
    }
    page_.grid(grid);
  }

  void write_verdict() {
    if (report_.layers.empty()) return;
    page_.gap();
    const std::vector<Excess> all = report_.exceeded();
    if (all.empty()) {
      page_.paragraph("nothing that was found is above its bound");
      return;
    }
    constexpr std::size_t most = 10;
    for (std::size_t i = 0; i < std::min(all.size(), most); ++i) {
      const Excess& one = all[i];
      page_.item(fmt::format(
          "VIOLATED: {}, method {}: {} = {:.17g} > {}",
          one.layer ? fmt::format("layer '{}'", page_.foreign(graph_.layers[*one.layer].name))
                    : std::string("objective"),
          name_of(report_.results[one.result].table.method), one.quantity, one.measured,
          one.bound.to_text(words::digits_for_machines)));
    }
    page_.paragraph("this is beyond what rounding explains: a defect of the program");
  }

  // Those on the balls around 0 do not matter here.
  [[nodiscard]] std::vector<std::string> assumptions() const {
    std::vector<std::string> shown;
    for (const std::string& line : report_.bounds.assumptions) {
      if (!line.starts_with("radius")) shown.push_back(line);
    }
    return shown;
  }

  [[nodiscard]] std::string in_words() const {
    const AroundResult& result = report_.results.back();
    const std::string where =
        is_point() ? "at these weights"
                   : fmt::format("while no parameter block is farther than {} from these weights",
                                 words::setting(report_.radius));
    if (!result.objective) {
      const Magnitude& lipschitz = result.table.network().lipschitz;
      if (lipschitz.is_infinite()) {
        return "In words: how far the output moves with the parameters is not bounded; the reasons "
               "stand above";
      }
      return fmt::format(
          "In words: {}, moving them by a distance d moves the output by at most {} d{}", where,
          number(lipschitz), is_point() ? " to first order" : "");
    }
    const Magnitude& L = result.objective->smoothness;
    if (L.is_infinite()) {
      return "In words: the curvature of the objective is not bounded there; the reasons stand "
             "above";
    }
    if (is_point()) {
      return fmt::format("In words: {} the objective bends by at most {} in any direction", where,
                         number(L));
    }
    return fmt::format(
        "In words: {}, no step of gradient descent of size {} (1/L_F) or less increases the "
        "objective",
        where, number(LowerBound::from_count(1) / L));
  }

  const AroundReport& report_;
  Page& page_;
  const Graph& graph_;
};

}  // namespace

std::optional<double> ratio_of(const Magnitude& bound, double measured) {
  if (!(measured > 0) || !std::isfinite(measured) || bound.is_infinite()) return std::nullopt;
  return (bound / LowerBound::from_double(measured)).to_double();
}

void write_around_page(const AroundReport& report, Page& page) {
  AroundWriter(report, page).write();
}

void write(const AroundReport& report, Format format, const Sink& sink) {
  constexpr Forms<AroundReport> forms{write_around_page, write_around_csv, write_around_json};
  forms.write(report, format, sink);
}

}  // namespace smoothbound
