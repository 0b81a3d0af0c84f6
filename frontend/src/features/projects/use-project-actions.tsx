/** What a person does to a project and its people. */

import { useQueryClient } from "@tanstack/react-query"

import { toast } from "@/components/ui/toast"
import type { GivenRole } from "@/features/projects/roles"
import { api, wordsOf } from "@/lib/api"
import type { InviteView, MemberView, ProjectView } from "@/lib/protocol.gen"
import { keys } from "@/lib/query"

function refuse(error: unknown): void {
  toast({ text: wordsOf(error), isRefusal: true })
}

export function useProjectActions() {
  const client = useQueryClient()

  function keep(project: ProjectView): ProjectView {
    client.setQueryData<ProjectView[]>(keys.projects, (all) => {
      if (!all) return all
      return all.some((one) => one.id === project.id)
        ? all.map((one) => (one.id === project.id ? { ...one, ...project, has_news: one.has_news } : one))
        : [...all, project]
    })
    return project
  }
  function drop(projectId: string): void {
    client.setQueryData<ProjectView[]>(keys.projects, (all) => all?.filter((one) => one.id !== projectId))
    client.removeQueries({ queryKey: ["project", projectId] })
    void client.invalidateQueries({ queryKey: keys.projects })
  }

  return {
    keep,
    /** These throw the refusal: whoever asked shows it. */
    create: async (name: string, about: string) => keep(await api.post<ProjectView>("/projects", { name, about })),
    change: async (projectId: string, what: { name?: string; about?: string; is_archived?: boolean }) =>
      keep(await api.patch<ProjectView>(`/projects/${projectId}`, what)),
    remove: async (projectId: string, typedName: string) => {
      await api.delete(`/projects/${projectId}`, { name: typedName })
      drop(projectId)
    },
    restore: async (projectId: string) => {
      const project = keep(await api.post<ProjectView>(`/projects/${projectId}/restore`))
      await client.invalidateQueries({ queryKey: keys.projects })
      return project
    },
    leave: async (projectId: string, meId: string) => {
      await api.delete(`/projects/${projectId}/members/${meId}`)
      drop(projectId)
    },
    handOn: async (projectId: string, userId: string) => {
      await api.post(`/projects/${projectId}/owner`, { user_id: userId })
      await client.invalidateQueries({ queryKey: keys.projects })
      await client.invalidateQueries({ queryKey: keys.members(projectId) })
    },
  }
}

export function usePeopleActions(projectId: string) {
  const client = useQueryClient()
  const members = keys.members(projectId)

  async function setRole(member: MemberView, role: string): Promise<boolean> {
    const put = (next: MemberView) =>
      client.setQueryData<MemberView[]>(members, (all) => all?.map((one) => (one.user_id === next.user_id ? next : one)))
    put({ ...member, role })
    try {
      put(await api.patch<MemberView>(`/projects/${projectId}/members/${member.user_id}`, { role }))
      return true
    } catch (error) {
      put(member)
      refuse(error)
      return false
    }
  }

  return {
    /** Takes hold at once; the toast takes it back. */
    changeRole: async (member: MemberView, role: GivenRole) => {
      if (!(await setRole(member, role))) return
      toast({
        text: <><b className="font-semibold">{member.name}</b> is {role} now.</>,
        undo: () => void setRole({ ...member, role }, member.role),
      })
    },
    remove: async (member: MemberView) => {
      try {
        await api.delete(`/projects/${projectId}/members/${member.user_id}`)
        client.setQueryData<MemberView[]>(members, (all) => all?.filter((one) => one.user_id !== member.user_id))
        toast({ text: <><b className="font-semibold">{member.name}</b> is out. What they wrote stays.</> })
      } catch (error) {
        refuse(error)
      }
    },
    invite: async (what: { role: string; note: string; days: number; max_uses: number }) => {
      const made = await api.post<InviteView>(`/projects/${projectId}/invites`, what)
      client.setQueryData<InviteView[]>(keys.invites(projectId), (all) => (all ? [{ ...made, link: null }, ...all] : all))
      return made
    },
    revoke: async (invite: InviteView) => {
      const without = (all: InviteView[] | undefined) => all?.filter((one) => one.id !== invite.id)
      client.setQueryData<InviteView[]>(keys.invites(projectId), without)
      try {
        await api.delete(`/projects/${projectId}/invites/${invite.id}`)
      } catch (error) {
        refuse(error)
        await client.invalidateQueries({ queryKey: keys.invites(projectId) })
        return
      }
      toast({
        text: <>Revoked <b className="font-semibold">{invite.note || "the invitation"}</b></>,
        undo: () => {
          api
            .post(`/projects/${projectId}/invites/${invite.id}/restore`)
            .catch(refuse)
            .finally(() => void client.invalidateQueries({ queryKey: keys.invites(projectId) }))
        },
      })
    },
  }
}
