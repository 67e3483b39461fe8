#include <stdexcept>

#include "enclosure/exact_windows.hpp"

namespace smoothbound::test {
using namespace exact;

namespace {

double target_of(const ExactLoss& loss, Index place, Index outputs) {
  if (!loss.labels->targets.empty()) return loss.labels->targets[at(place)];
  return loss.labels->classes[at(place / outputs)] == place % outputs ? 1.0 : 0.0;
}

Number log_one_plus_exp(const Number& z) {
  Number sum = Number(1) + exponential(z);
  arb_log(sum.raw(), sum.raw(), Number::precision);
  return sum;
}

Number binary_logistic_term(const Number& z, double y) {
  return (Number(1) - y) * log_one_plus_exp(z) + Number(y) * log_one_plus_exp(Number(0.0) - z);
}

Number huber_term(const Number& z, double y, double threshold) {
  const Number size = absolute(z - y);
  const Number beyond = largest(size - threshold, Number(0.0));
  return (size * size - beyond * beyond) / Number(2);
}

}  // namespace

Number exact_loss(const ExactLoss& loss, const Numbers& predictions, std::span<const double> w) {
  const Index outputs = static_cast<Index>(predictions.size()) / loss.samples;
  Number sum;
  Index terms = loss.samples;
  if (loss.name == "logistic") {
    terms *= loss.positions;
    const Index classes = outputs / loss.positions;
    for (Index term = 0; term < terms; ++term) {
      const Index first = term / loss.positions * outputs + term % loss.positions;
      const auto z = [&](Index j) -> const Number& {
        return predictions[at(first + j * loss.positions)];
      };
      const Number& of_label = z(loss.labels->classes[at(term)]);
      Number top = z(0);
      Number mean;
      for (Index j = 0; j < classes; ++j) {
        top = largest(top, z(j));
        mean = mean + z(j) / of(classes);
      }
      Number all;
      for (Index j = 0; j < classes; ++j) all = all + exponential(z(j) - top);
      arb_log(all.raw(), all.raw(), Number::precision);
      const Number e = loss.label_smoothing;
      sum = sum + all + top - (Number(1) - e) * of_label - e * mean;
    }
  } else if (loss.name == "square") {
    for (Index i = 0; i < static_cast<Index>(predictions.size()); ++i) {
      const Number v = predictions[at(i)] - target_of(loss, i, outputs);
      sum = sum + v * v / Number(2);
    }
  } else if (loss.name == "binary_logistic" || loss.name == "huber") {
    terms *= outputs;
    for (Index i = 0; i < terms; ++i) {
      const Number& z = predictions[at(i)];
      const double y = target_of(loss, i, outputs);
      sum = sum +
            (loss.name == "huber" ? huber_term(z, y, loss.threshold) : binary_logistic_term(z, y));
    }
  } else {
    throw std::logic_error("not stated: " + loss.name);
  }
  Number square;
  for (const double each : w) square.add_product(each, each);
  return sum / of(terms) + Number(loss.regularizer) / Number(2) * square;
}

}  // namespace smoothbound::test
