// What is allowed for rounding, what is left to remainders, what a search for a step comes to and
// what it costs, as it was.
#include "enclosure/golden.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "enclosure/hessian_problem.hpp"
#include "enclosure/random_line.hpp"
#include "smoothbound/enclosure/around.hpp"
#include "smoothbound/enclosure/certify.hpp"
#include "smoothbound/enclosure/hessian_norm.hpp"
#include "smoothbound/runtime/batch_runner.hpp"
#include "smoothbound/runtime/machine.hpp"

namespace smoothbound::test {
namespace {

constexpr std::uint64_t seeds = 150;
constexpr std::uint64_t unsteady_seed = 123;  // whose sums cancel: they differ between machines

double sum(const double* values, std::int64_t count) {
  double all = 0;
  for (std::int64_t i = 0; values != nullptr && i < count; ++i) all += std::abs(values[i]);
  return all;
}

// A line for each node: |c|, r, rho, alpha, and alpha of the batch, both behind the mark.
std::string node_lines(const LineProblem& of, int degree, double length, EnclosureMode mode,
                       char mark = '!') {
  LineEnclosure line(of.graph(), of.samples);
  const Network<double>& network = line.network();
  std::string text;
  line.set_observer([&](std::size_t node, const Enclosed& at) {
    const auto& place = network.nodes()[node];
    const std::int64_t count = network.values()[place.output].shape.elements();
    text +=
        fmt::format("  {} ~{:.9g} {:.9g} {:.9g} {}{:.17g} {}{:.17g}\n",
                    name_of(of.graph().layers[place.layer].components[place.component].component),
                    sum(at.centre, count), sum(at.r, count), sum(at.rho, of.samples), mark,
                    sum(at.alpha, of.samples), mark, at.alpha_batch);
  });
  line.set_line(of.w, of.d, of.x, degree);
  return line.bound(length, mode) ? text : "  not bounded\n";
}

// At the ends and in between: the middle of the bounds of F, and their distance.
std::string objective_lines(const ObjectiveEnclosure& line) {
  std::string text;
  for (const double share : {0.0, 0.375, 1.0}) {
    const Range range = line.at(share * line.length());
    text += fmt::format("  F {:.17g} {:.17g}\n", range.lower, range.upper);
  }
  const LineDerivatives& f = line.derivatives();
  text += fmt::format("  f {:.9g} {:.9g} {:.9g}\n", f.value, f.slope, f.curvature);
  const EnclosureWork& work = line.work();
  return text + fmt::format("  a {:.9g} {} {} {} {} {}\n", line.rounding(), line.order(),
                            work.coefficients, work.passes, work.gradient, work.pass_count);
}

// From T that are too short, about right, and too long.
std::string search_lines(ObjectiveEnclosure& line) {
  std::string text;
  for (const double factor : {0.01, 1.0, 200.0}) {
    StepSearch search;
    search.mode = EnclosureMode::norm;
    search.first_length = factor * usual_length(line.derivatives());
    search.goal = factor == 1 ? StepGoal::least_bound : StepGoal::sufficient_decrease;
    search.refines = factor < 1;
    search.most_passes = search.refines ? 6 : 25;
    search.longest = 1.5 * usual_length(line.derivatives()) * std::max(factor, 1.0);
    const FoundStep found = find_step(line, search);
    text += fmt::format("  s {:.9g} {:.9g} {:.9g} {} {:.9g}\n", found.step ? found.step->t : 0,
                        found.step ? found.step->length : 0, found.step ? found.step->decrease : 0,
                        found.passes, found.next_length);
  }
  return text;
}

std::string bound_lines(const LineProblem& of, ObjectiveEnclosure& line, int degree, double length,
                        EnclosureMode mode) {
  return fmt::format("{} K {} {} T {:.9g}\n", of.loss, degree, name_of(mode), length) +
         node_lines(of, degree, length, mode) + objective_lines(line);
}

std::string lines_of(std::uint64_t seed) try {
  if (seed == unsteady_seed) return "";
  std::mt19937_64 random(seed);
  std::optional<LineProblem> problem = random_problem(seed, random);
  if (!problem) return "";
  LineProblem& of = *problem;
  Objective<double> f(of.graph(), *find_loss(of.loss), of.x, of.samples, of.labels, of.options);
  of.d = random_direction(of, f, random);
  const int degree = 1 + static_cast<int>(seed / 3 % 3);
  const std::unique_ptr<ObjectiveEnclosure> line = of.enclosure();
  line->set_line(of.w, of.d, degree);
  std::string text;
  for (const EnclosureMode mode : {EnclosureMode::norm, EnclosureMode::interval}) {
    double length = random_length(*line, of.d, random);
    for (int attempt = 0; attempt < 4 && !line->bound(length, mode); ++attempt) length /= 100;
    if (!line->bound(length, mode) || length > 0x1p40) continue;
    text += fmt::format("{} ", seed) + bound_lines(of, *line, degree, length, mode);
  }
  if (line->derivatives().slope < 0 && seed % 3 == 1) text += search_lines(*line);
  return text;
} catch (const NotEnclosed&) {
  return "";
} catch (const LossError&) {  // outputs that are not finite
  return "";
}

TEST(EnclosureGolden, NothingElseIsAllowedFor) {
  set_threads(1);
  std::string all;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) all += lines_of(seed);
  check_golden("lines", all);
}

// Numbers of about 1 that are no round ones.
void fill(std::vector<double>& values, double size, double shift) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = size * std::cos(5 * static_cast<double>(i) + shift);
  }
}

TEST(EnclosureGolden, NeitherByAnyComponent) {
  set_threads(1);
  std::string all;
  std::mt19937_64 random(1);
  for (LineProblem& of : named_problems(random)) {
    of.d.resize(of.w.size());
    fill(of.x, 1.5, 0.2);
    fill(of.w, 0.7, 0);
    fill(of.d, 0.3, 0.9);
    for (const int degree : {2, 3}) {
      const std::unique_ptr<ObjectiveEnclosure> line = of.enclosure();
      line->set_line(of.w, of.d, degree);
      const double length = degree == 2 ? 0.1 : 0.3;
      for (const EnclosureMode mode : {EnclosureMode::norm, EnclosureMode::interval}) {
        if (line->bound(length, mode)) all += bound_lines(of, *line, degree, length, mode);
      }
    }
  }
  check_golden("components", all);
}

// Sums that cancel, so that all there is comes from rounding, of which the terms of second order
// count, too.
TEST(EnclosureGolden, NorOfSecondOrder) {
  set_threads(1);
  std::string all;
  std::mt19937_64 random(2);
  const auto alternate = [](std::vector<double>& values, double size) {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = i % 2 == 0 ? size : -size;
  };
  for (LineProblem& of : named_problems(random)) {
    of.d.resize(of.w.size());
    std::ranges::fill(of.x, 1.0);
    alternate(of.w, 0x1p20);
    alternate(of.d, 1);
    all += "network\n" + node_lines(of, 2, 0x1p-10, EnclosureMode::interval, '=');
  }
  check_golden("cancelling", all);
}

std::string step_line(const char* name, const std::optional<ProvedStep>& step) {
  if (!step) return fmt::format("  {} none\n", name);
  return fmt::format("  {} {:.9g} {:.9g} {:.9g} {:.9g} {:.9g} {}\n", name, step->t, step->upper,
                     step->lower, step->decrease, step->length, step->order);
}

std::string lines_of(const CertifyReport& of) {
  std::string text =
      fmt::format("  {} K {} {} of {}\n  f {:.9g} {:.9g} {:.9g} {:.9g}\n", of.direction, of.degree,
                  name_of(of.mode), of.micro_batch, of.derivatives.value, of.derivatives.slope,
                  of.derivatives.curvature, of.direction_norm);
  text += fmt::format("  F {:.17g} {:.17g}\n", of.start.lower, of.start.upper);
  text +=
      fmt::format("  T {:.9g} {} {:.9g} {}.\n", of.length, of.order, of.rounding, of.failed_layer);
  text += step_line("best", of.best) + step_line("longest", of.longest);
  if (of.asked) {
    text +=
        fmt::format("  asked {:.9g} {:.9g} {}\n  F {:.17g} {:.17g}\n", of.asked->t, of.asked->value,
                    name_of(of.asked->verdict), of.asked->bounds.lower, of.asked->bounds.upper);
  }
  if (of.stored) {
    text += fmt::format("  stored {:.9g} {:.9g} {}\n  F {:.17g} {:.17g}\n  F {:.17g} {:.17g}\n",
                        of.stored->t, of.stored->value, name_of(of.stored->verdict),
                        of.stored->start.lower, of.stored->start.upper, of.stored->bounds.lower,
                        of.stored->bounds.upper);
  }
  text += fmt::format("  search {:.5g} {:.9g}\n", of.line_search.value_or(0), of.line_search_value);
  for (const LayerShare& each : of.shares) {
    text += fmt::format("  share {} {:.6f}\n", each.layer, each.share);
  }
  for (const CurvePoint& at : of.curve) {
    text += fmt::format("  at {:.5g} {:.5g} {:.5g} {:.5g}\n", at.t, at.value, at.bounds.lower,
                        at.bounds.upper);
  }
  return text + fmt::format("  work {} {} {} {}\n", of.work.coefficients, of.work.passes,
                            of.work.gradient, of.work.pass_count);
}

CertifyRequest request_for(const std::string& layers, const std::string& loss) {
  CertifyRequest request;
  request.source = {"net.yaml", "name: net\ninput: {shape: [2, 6, 6], norm: 3}\nbatch: 40\nloss: " +
                                    loss + "\nlayers:\n" + layers};
  SampleRequest samples;
  samples.seed = 3;
  request.samples = Samples(samples);
  request.parameters.scheme = Scheme::kaiming;
  request.parameters.seed = 2;
  request.curve_points = 5;
  return request;
}

// Memory for micro-batches of so many.
std::int64_t of_parts(const CertifyRequest& request, std::int64_t size) {
  const support::Network network = support::read_network(request.source.text);
  return bytes_of_objective_enclosure(network.graph, network.settings.batch, size, request.degree);
}

TEST(EnclosureGolden, CertificatesAreWhatTheyWere) {
  set_threads(1);
  const std::string smooth =
      "  - {conv: {filters: 6, kernel: 3, padding: 1}, then: [softplus, {average_pool: 2}]}\n"
      "  - {dense: 6, then: [tanh]}\n  - {dense: 3}\n";
  const std::string kinked =
      "  - {conv: {filters: 5, kernel: 3}, then: [relu, {max_pool: 2}]}\n"
      "  - {dense: 6, then: [relu]}\n  - {dense: 3}\n";
  std::string deep;
  for (int i = 0; i < 19; ++i) deep += "  - {dense: 6, then: [softplus]}\n";
  std::string all;
  const auto add = [&](const std::string& name, const CertifyRequest& request) {
    all += name + "\n" + lines_of(certify(request));
  };
  for (const auto& [name, layers] : {std::pair("smooth", smooth), {"kinked", kinked}}) {
    for (const steps::StepKind oracle :
         {steps::StepKind::gradient, steps::StepKind::gauss_newton, steps::StepKind::newton}) {
      if (oracle == steps::StepKind::newton && name == std::string("kinked")) continue;
      CertifyRequest request = request_for(layers, "logistic");
      request.oracle = oracle;
      request.degree = oracle == steps::StepKind::gauss_newton ? 2 : 3;
      add(name, request);
    }
    for (const EnclosureMode mode : {EnclosureMode::norm, EnclosureMode::interval}) {
      CertifyRequest request = request_for(layers, "square");
      request.mode = mode;
      request.step = mode == EnclosureMode::norm ? 0.02 : 40;
      add(std::string(name) + ", asked", request);
    }
    CertifyRequest request = request_for(layers, "logistic");
    request.storage = Precision::float32;
    add(std::string(name) + ", stored", request);
    request.storage = Precision::float64;
    request.memory = of_parts(request, 7);
    add(std::string(name) + ", micro-batches", request);
  }
  CertifyRequest request = request_for(deep + "  - {dense: 3}\n", "logistic");
  add("deep", request);
  request.memory = of_parts(request, 7);
  add("deep, micro-batches", request);
  request = request_for(smooth, "logistic");
  request.step = 1e60;
  add("asked, out of reach", request);
  request = request_for("  - {dense: 6, bias: false, then: [tanh]}\n  - {dense: 3, bias: false}\n",
                        "logistic");
  request.options.overrides.input_norm = Real::from_decimal("1e-12");
  request.options.overrides.sample_norm = request.options.overrides.input_norm;
  add("nothing to be proved", request);
  check_golden("certificates", all);
}

std::string lines_of(const AroundReport& of) {
  std::string text;
  for (const Magnitude& norm : of.norms) text += fmt::format("  norm {:.9g}\n", norm.to_double());
  for (const AroundResult& result : of.results) {
    for (const Triple& layer : result.table.layers) {
      text += fmt::format("  layer {:.9g} {:.9g} {:.9g}\n", layer.m.to_double(),
                          layer.lipschitz.to_double(), layer.smoothness.to_double());
    }
    if (!result.objective) continue;
    text += fmt::format("  objective {:.9g} {:.9g} {}\n", result.objective->lipschitz.to_double(),
                        result.objective->smoothness.to_double(),
                        static_cast<int>(result.objective->route));
  }
  return text;
}

TEST(EnclosureGolden, BoundsAroundWeightsAreWhatTheyWere) {
  set_threads(1);
  std::string all;
  for (const std::string& network : smooth_networks()) {
    for (const char* const radius : {"0", "0.01"}) {
      AroundRequest request;
      request.source = {"net.yaml", network};
      request.parameters.scheme = Scheme::kaiming;
      request.parameters.seed = 4;
      request.radius = Real::from_decimal(radius);
      request.options.methods = {Method::paper, Method::sharp};
      SampleRequest samples;
      samples.seed = 5;
      request.samples = Samples(samples);
      request.options.overrides.input_norm = Real::from_decimal("2");
      all += "network\n" + lines_of(bound_around(request));
    }
  }
  check_golden("around", all);
}

TEST(EnclosureGolden, HessiansAreKnownAsWell) {
  set_threads(1);
  std::string all;
  for (const std::string& text : smooth_networks()) {
    const Problem problem(text, 7);
    HessianProduct hessian(problem.point());
    std::mt19937_64 random(3);
    all += "network\n";
    const auto nodes = hessian.network().nodes().size();
    for (const std::size_t first : {std::size_t{0}, nodes / 2, nodes}) {
      Entries product(problem.w.size());
      Entries w_dot = draw(problem.w.size(), random);
      if (first == nodes) std::ranges::fill(w_dot, 1.0);
      const double error = hessian(w_dot, product, first % nodes).to_double();
      all += fmt::format("  product {:.9g} {:.9g}\n", error, norm_of_entries(product));
    }
    const HessianNorm norm = hessian_norm(problem.point());
    all += fmt::format("  norm {:.9g} {:.9g} {:.9g} {}\n", norm.bound.to_double(),
                       norm.frobenius.to_double(), norm.found, norm.products);
  }
  check_golden("hessians", all);
}

std::string fitting(const Graph& graph, std::int64_t samples, int degree, std::int64_t memory) {
  try {
    const std::int64_t size = micro_batch_of_enclosure(graph, samples, degree, memory);
    return fmt::format("  size {}\n", size);
  } catch (const MemoryShortage& error) {
    return fmt::format("  needed {}\n", error.needed);
  }
}

TEST(EnclosureGolden, MemoryIsCountedAsItWas) {
  set_threads(2);
  std::string all;
  for (const std::string& text : smooth_networks()) {
    const Graph graph = support::read_network(text).graph;
    all += "network\n";
    for (const std::int64_t samples : {5, 64}) {
      for (const int degree : {1, 3}) {
        all += fmt::format("  bytes {}", bytes_of_enclosure(graph, samples, degree));
        for (const std::int64_t size : {0, 1, 3, 16}) {
          all += fmt::format(" {}", bytes_of_objective_enclosure(graph, samples, size, degree));
        }
        all += '\n';
        if (graph.couples_samples) continue;
        const std::int64_t whole = bytes_of_objective_enclosure(graph, samples, 0, degree);
        for (const std::int64_t memory : {whole, whole - 1, whole * 3 / 4, whole / 2, whole / 9}) {
          all += fitting(graph, samples, degree, memory);
        }
      }
      all += fmt::format("  hessian {}\n", bytes_of_hessian_norm(graph, samples));
    }
  }
  check_golden("memory", all);
}

}  // namespace
}  // namespace smoothbound::test
