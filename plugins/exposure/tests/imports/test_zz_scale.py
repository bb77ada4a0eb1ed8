import importlib.util, time
from io import BytesIO
from exposure_reports import Host, Item, nessus, day
from nessus_samples import ROOT
async def test_scale(make_space, tmp_path):
    spec = importlib.util.spec_from_file_location("g", ROOT/"contrib/bench/generate_nessus.py"); g = importlib.util.module_from_spec(spec); spec.loader.exec_module(g)
    g.generate(tmp_path/"a.nessus", findings=50000, hosts=1000, seed=1)
    sp = await make_space()
    for n in range(3):
        t=time.time(); r = await sp.take((tmp_path/"a.nessus").read_bytes()); print("50k", n, time.time()-t, r)
    sp2 = await make_space()
    data = nessus(Host(items=[Item(plugin=p, port=q, output="x") for p in range(1,3001) for q in range(1,101)], end=day(1)), checks=range(1,3001))
    for n in range(2):
        t=time.time(); r = await sp2.take(data); print("300k one host", len(data), n, time.time()-t, r)
    t=time.time(); r = await sp2.take(nessus(Host(end=day(2)), checks=range(1,3001))); print("close", time.time()-t, r)
    await sp2.check()
