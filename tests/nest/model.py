"""A circuit of apical's model text in NEST."""

import time
import tomllib

import h5py
import nest
import numpy as np


def text_of(path):
    """The model text of a run file."""
    with h5py.File(path) as run:
        text = run.attrs["model"]
        return text.decode() if isinstance(text, bytes) else text


def values(drawn, **limits):
    """A number, or a distribution, as NEST draws it; what is beyond the limits is drawn again."""
    if isinstance(drawn, (int, float)):
        return float(drawn)
    kind = drawn["from"]
    if kind == "constant":
        return float(drawn["value"])
    if kind == "uniform":
        return nest.random.uniform(drawn["low"], drawn["high"])
    if kind == "normal":
        normal = nest.random.normal(drawn["mean"], drawn["sd"])
        return nest.math.redraw(normal, **limits) if limits else normal
    raise ValueError(f"no {kind!r} in NEST's words")


def create(population, neuron, tau_minus):
    """The neurons of a population with their Poisson input, which comes by one generator of them all together, and with this time constant of their
    trace where plasticity is between spikes."""
    delta = population["ports"][0]["kernel"] == "delta"
    if delta != ("delta" in neuron):
        raise ValueError(f"{neuron} has other synapses than {population['name']}")
    keys = dict(
        tau_m=population["tau_m_ms"], C_m=population["c_m_pf"], E_L=population["e_l_mv"], V_th=population["v_th_mv"],
        V_reset=population["v_reset_mv"], t_ref=population["t_ref_ms"], I_e=population["i_e_pa"],
    )
    if not delta:
        taus = [port["tau_ms"] for port in population["ports"]]
        keys |= dict(tau_syn_ex=taus[0], tau_syn_in=taus[-1])
    neurons = nest.Create(neuron, population["size"], params=keys)
    neurons.tau_minus = tau_minus
    neurons.V_m = values(population.get("v_init_mv", population["e_l_mv"]))
    for source in population.get("poisson_input", []):
        generator = nest.Create("poisson_generator_ps" if neuron.endswith("_ps") else "poisson_generator")
        generator.rate = source["count"] * source["rate_hz"]
        nest.Connect(generator, neurons, syn_spec=dict(weight=source["weight"], delay=nest.resolution))
    return neurons


def connect(projection, populations):
    rule = projection["connection"]
    names = {"fixed_in_degree": ("fixed_indegree", "in_degree", "indegree"), "fixed_total_number": ("fixed_total_number", "total", "N")}
    kind, ours, theirs = names[rule["kind"]]
    spec = {"rule": kind, theirs: rule[ours]}
    spec |= dict(allow_autapses=rule.get("autapses", True), allow_multapses=rule.get("multapses", True))
    weights = projection["weights"]
    limits = {"non-negative": dict(min=0.0, max=np.inf), "non-positive": dict(min=-np.inf, max=0.0)}
    weight = values(weights, **limits.get(projection.get("sign"), {}))
    delay = values(projection["delay_ms"], min=nest.resolution - 0.5 * nest.resolution, max=np.inf)
    ends = populations[projection["from"]], populations[projection["to"]]
    nest.Connect(*ends, spec, dict(weight=weight, delay=delay) | plastic(projection))


def plastic(projection):
    """The keys of stdp_synapse where a projection has pair STDP. Its delays are dendritic, as those with `dendritic_delay_share` 1 are."""
    rule = projection.get("plasticity")
    if rule is None:
        return {}
    if rule["kind"] != "stdp" or rule.get("pairing", "all_to_all") != "all_to_all" or rule["w_min"] != 0:
        raise ValueError("only stdp of all pairs with weights from 0 on")
    exponent = {"hard": 0.0, "soft": 1.0}[rule["bounds"]]
    return {
        "synapse_model": "stdp_synapse", "lambda": rule["a_plus"], "alpha": rule["a_minus"] / rule["a_plus"], "mu_plus": exponent,
        "mu_minus": exponent, "Wmax": rule["w_max"], "tau_plus": rule["tau_plus_ms"],
    }


def build(text, neuron, resolution, seed):
    described = tomllib.loads(text)
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.set(resolution=resolution, rng_seed=seed, local_num_threads=1, print_time=False)
    rules = [projection["plasticity"] for projection in described["projection"] if "plasticity" in projection]
    tau_minus = rules[0]["tau_minus_ms"] if rules else 20.0
    populations = {population["name"]: create(population, neuron, tau_minus) for population in described["population"]}
    for projection in described["projection"]:
        if projection["connection"].get("total", 1) > 0:
            connect(projection, populations)
    return populations


def run(text, neuron, resolution, seed, warmup_ms, duration_ms):
    """The trains of each population after a warm-up, and the time they were recorded in."""
    populations = build(text, neuron, resolution, seed)
    recorders = {}
    for name, neurons in populations.items():
        recorders[name] = nest.Create("spike_recorder", params=dict(start=warmup_ms))
        nest.Connect(neurons, recorders[name])
    nest.Simulate(warmup_ms + duration_ms)
    trains = {}
    for name, neurons in populations.items():
        events = recorders[name].events
        order = np.argsort(events["senders"], kind="stable")
        senders, times = events["senders"][order], events["times"][order]
        first = neurons[0].global_id
        bounds = np.searchsorted(senders, np.arange(first, first + len(neurons) + 1))
        trains[name] = [np.sort(times[a:b]) for a, b in zip(bounds, bounds[1:])]
    return trains, (warmup_ms, warmup_ms + duration_ms)


def timed(text, neuron, resolution, warmup_ms, duration_ms):
    """Seconds of a run after its warm-up, without recording, and seconds to build the network."""
    began = time.perf_counter()
    build(text, neuron, resolution, 1)
    nest.Prepare()
    built = time.perf_counter() - began
    nest.Run(warmup_ms)
    began = time.perf_counter()
    nest.Run(duration_ms)
    seconds = time.perf_counter() - began
    nest.Cleanup()
    return seconds, built
