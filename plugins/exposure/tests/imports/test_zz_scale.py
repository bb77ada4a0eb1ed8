import time
from exposure_reports import Host, Item, nessus, day
async def test_scale(make_space):
    sp2 = await make_space()
    data = nessus(Host(items=[Item(plugin=p, port=q, output="x") for p in range(1,1001) for q in range(1,101)], end=day(1)), checks=range(1,3001))
    for n in range(1):
        t=time.time(); r = await sp2.take(data); print("100k one host", len(data), n, time.time()-t, r)
    t=time.time(); r = await sp2.take(nessus(Host(end=day(2)), checks=range(1,3001))); print("close", time.time()-t, r)
    t=time.time(); r = await sp2.take(nessus(Host(items=[Item(plugin=p, port=q, output="x") for p in range(1,1001) for q in range(1,50)], end=day(3)), checks=range(1,3001))); print("half", time.time()-t, r)
    t=time.time(); r = await sp2.take(nessus(Host(items=[Item(plugin=p, port=q, output="x") for p in range(1,1001) for q in range(1,25)], end=day(4)), checks=range(1,3001))); print("half", time.time()-t, r)
    await sp2.check()
