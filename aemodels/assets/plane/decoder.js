// A decoder of fully connected layers: z -> pixels in [0, 1], as torch computes it.
// layers: [{kind, …sizes}] in order; weights: all of them in one Float32Array, in the same order; whole: an Int8Array of the
// matrices of layers that are rounded, in whose place the weights have a step for each row.
function makeDecoder(layers, weights, whole) {
  const from = (numbers, at = 0) => (count) => numbers.subarray(at, (at += count))
  const take = from(weights), takeWhole = from(whole)
  const steps = layers.map((layer) => LAYERS[layer.kind](layer, take, takeWhole))
  return (z) => steps.reduce((x, step) => step(x), Float32Array.from(z))
}

const LAYERS = {
  linear({ inputs, outputs, rounded }, take, takeWhole) {
    const size = inputs * outputs
    const weight = rounded ? scale(takeWhole(size), take(outputs)) : take(size), bias = take(outputs)
    return (x) => {
      const y = new Float32Array(outputs)
      for (let o = 0, w = 0; o < outputs; o++) {
        let sum = bias[o]
        for (let i = 0; i < inputs; i++) sum += weight[w++] * x[i]
        y[o] = sum
      }
      return y
    }
  },
  norm({ size, eps }, take) {
    const weight = take(size), bias = take(size)
    return (x) => {
      const mean = x.reduce((sum, v) => sum + v, 0) / size
      const variance = x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / size
      return x.map((v, i) => ((v - mean) / Math.sqrt(variance + eps)) * weight[i] + bias[i])
    }
  },
  silu: () => (x) => x.map((v) => v / (1 + Math.exp(-v))),
  sigmoid: () => (x) => x.map((v) => 1 / (1 + Math.exp(-v))),
}

// A matrix of whole numbers, row by row, each row times its step.
function scale(whole, steps) {
  const inputs = whole.length / steps.length
  return Float32Array.from(whole, (n, i) => n * steps[Math.floor(i / inputs)])
}

// IEEE 754 half precision, as uint16, to Float32Array. Not every browser has a Float16Array yet.
function float32(halves) {
  return Float32Array.from(halves, (h) => {
    const sign = h >> 15 ? -1 : 1, exponent = (h >> 10) & 31, fraction = h & 1023
    return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024))
  })
}
