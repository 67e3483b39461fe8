// What Taylor coefficients along a line cost beside the products with parameters that they consist
// of, in float64.
#include <fmt/format.h>
#include <omp.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <exception>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "smoothbound/enclosure/line_enclosure.hpp"
#include "smoothbound/spec/read_spec.hpp"
#include "smoothbound/text/source.hpp"

namespace {

using namespace smoothbound;
using Vector = std::vector<double>;

template <class Work>
double seconds_of(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
  return passed.count();
}

Vector normal(std::int64_t count, double scale, std::mt19937_64& random) {
  std::normal_distribution<double> distribution(0, scale);
  Vector values(static_cast<std::size_t>(count));
  for (double& value : values) value = distribution(random);
  return values;
}

// With a standard deviation of scale / sqrt(fan in).
Vector parameters(const ParameterLayout& layout, double scale, std::mt19937_64& random) {
  Vector w;
  for (const ParameterArray& array : layout.arrays) {
    const double fan_in =
        static_cast<double>(array.elements) / static_cast<double>(array.sizes.front());
    const Vector values = normal(array.elements, scale / std::sqrt(fan_in), random);
    w.insert(w.end(), values.begin(), values.end());
  }
  return w;
}

// The products W p_j and D p_j of all layers, each at some input of its size.
class Products {
 public:
  Products(const Graph& graph, std::int64_t batch, int degree, std::mt19937_64& random)
      : network_(graph, batch), degree_(degree), scratch_(network_.scratch_elements()) {
    network_.set_parameters(parameters(network_.parameter_layout(), 1, random));
    std::int64_t largest = 0;
    for (const auto& value : network_.values()) {
      largest = std::max(largest, value.shape.elements());
    }
    input_ = normal(largest, 1, random);
    output_ = Buffer<double>(largest);
  }

  void run() {
    const double* const z = input_.data();
    for (const auto& node : network_.nodes()) {
      if (node.parameters == 0) continue;
      const bool moves = network_.values()[node.inputs.front()].depends_on_parameters;
      const double* const v =
          network_.parameters_of(node, network_.parameters().data(), network_.packed());
      for (int product = 0; product < (moves ? 2 * (degree_ + 1) : 2); ++product) {
        node.kernel->forward({.z = std::span(&z, 1), .v = v, .scratch = scratch_.data()},
                             output_.data());
      }
    }
  }

 private:
  Network<double> network_;
  int degree_;
  Vector input_;
  Buffer<double> output_;
  Buffer<double> scratch_;
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Seconds of coefficients along a line, and of their products alone, as JSON");
  std::string file;
  std::int64_t batch = 1;
  int degree = 3;
  int threads = 1;
  int repeat = 5;
  app.add_option("file", file, "architecture")->required();
  app.add_option("--batch", batch, "samples");
  app.add_option("--degree", degree, "K");
  app.add_option("--threads", threads, "threads");
  app.add_option("--repeat", repeat, "calls in turns, of which the fastest count");
  CLI11_PARSE(app, argc, argv);
  try {
    omp_set_num_threads(threads);
    Source source;
    load_source(file, {}, source);
    const Graph graph = build_graph(read_spec(source), batch);
    std::mt19937_64 random(1);
    Products products(graph, batch, degree, random);
    LineEnclosure line(graph, batch);
    const Vector x = normal(line.network().input_elements(), 1, random);
    const Vector w = parameters(line.network().parameter_layout(), 1, random);
    const Vector d = parameters(line.network().parameter_layout(), 1e-2, random);
    double of_coefficients = std::numeric_limits<double>::infinity();
    double of_products = of_coefficients;
    for (int i = 0; i <= repeat; ++i) {
      const double coefficients = seconds_of([&] { line.set_line(w, d, x, degree); });
      const double alone = seconds_of([&] { products.run(); });
      if (i == 0) continue;  // warms up
      of_coefficients = std::min(of_coefficients, coefficients);
      of_products = std::min(of_products, alone);
    }
    nlohmann::ordered_json result;
    result["coefficients"] = of_coefficients;
    result["products"] = of_products;
    result["ratio"] = of_coefficients / of_products;
    fmt::print("{}\n", result.dump());
  } catch (const std::exception& error) {
    fmt::print(stderr, "coefficients: error: {}\n", error.what());
    return 1;
  }
  return 0;
}
